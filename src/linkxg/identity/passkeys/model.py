"""A passkey, the credentials that browsers send, and the options that they take (WebAuthn Level 3 §5.1).

The members of credentials and options are named as `PublicKeyCredential.toJSON` and `parse…OptionsFromJSON` have them.
"""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.clock import MINUTE, rfc3339, rfc3339_or_none
from linkxg.http.route_declaration import described

MAX_PASSKEYS = 20
"""Of a person."""
MAX_NAME = 100
MAX_CREDENTIAL_ID = 1_023
"""Bytes (WebAuthn Level 3 §4)."""
PASSKEY_CHALLENGE_MS = 5 * MINUTE
MAX_CLIENT_DATA = 2_000
MAX_ATTESTATION = 16_000
"""Characters of base64url; an attestation that carries certificates takes some 6,000."""
PRESENCE = "user"
"""The `amr` of the test of user presence (RFC 8176 §2), which every registration and signature must pass: it does not
say that the authenticator has verified the person."""
TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"})
_CREDENTIAL_ID = "Nd4zGmqNkVvDQyoTkOgbHg"
_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0Ii..."

Type = Literal["public-key"]
Ceremony = Literal["register", "enroll", "sign-in", "factor"]
"""What a challenge is for; `enroll` is a registration during a sign-in."""


class Passkey(NamedTuple):
    """A row of `passkeys`. Times in milliseconds; `transports` are separated by spaces."""

    id: str
    account_id: str
    user_id: str
    credential_id: bytes
    user_handle: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: str
    aaguid: str
    name: str
    created_at: int
    last_used_at: int | None


class PasskeyView(msgspec.Struct, rename="camel"):
    """A passkey as its person sees it. `synced`: the provider of the passkey keeps a copy of its private key."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Phone",
        "synced": True,
        "aaguid": "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4",
        "transports": ["hybrid", "internal"],
    }

    id: str
    name: str
    created_at: str
    last_used_at: str | None
    synced: bool
    aaguid: str
    transports: list[str]


class AssertionResponse(msgspec.Struct, rename="camel"):
    """The authenticator's answer to a sign-in, in base64url."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "clientDataJSON": _CLIENT_DATA,
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MdAAAAAQ",
        "signature": "MEUCIQDx...",
        "userHandle": "3q2-7wAB...",
    }

    client_data_json: Annotated[str, described(maxLength=MAX_CLIENT_DATA)] = msgspec.field(name="clientDataJSON")
    authenticator_data: str
    signature: str
    user_handle: str | None = None


class AssertionCredential(msgspec.Struct, rename="camel"):
    """What `navigator.credentials.get` answered, as its `toJSON` writes it. Other members are not needed."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"id": _CREDENTIAL_ID, "rawId": _CREDENTIAL_ID, "type": "public-key"}

    id: str
    raw_id: str
    type: Type
    response: AssertionResponse


class AttestationResponse(msgspec.Struct, rename="camel"):
    """The authenticator's answer to a registration, in base64url."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "clientDataJSON": _CLIENT_DATA,
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVik...",
        "transports": ["internal"],
    }

    client_data_json: Annotated[str, described(maxLength=MAX_CLIENT_DATA)] = msgspec.field(name="clientDataJSON")
    attestation_object: Annotated[str, described(maxLength=MAX_ATTESTATION)]
    transports: list[str] = []


class AttestationCredential(msgspec.Struct, rename="camel"):
    """What `navigator.credentials.create` answered, as its `toJSON` writes it. Other members are not needed."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"id": _CREDENTIAL_ID, "rawId": _CREDENTIAL_ID, "type": "public-key"}

    id: str
    raw_id: str
    type: Type
    response: AttestationResponse


class PasskeyOptions(msgspec.Struct, rename="camel"):
    """Options for the browser; `expires_in` is the life of the challenge in seconds."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "publicKey": {
            "challenge": "WC3n0cY2V4Jm...",
            "rpId": "api.linkxg.com",
            "allowCredentials": [],
            "userVerification": "required",
            "timeout": 300_000,
        },
        "expiresIn": 300,
    }

    public_key: dict[str, Any]
    expires_in: int = PASSKEY_CHALLENGE_MS // 1_000


def passkey_view(passkey: Passkey) -> PasskeyView:
    return PasskeyView(
        id=passkey.id,
        name=passkey.name,
        created_at=rfc3339(passkey.created_at),
        last_used_at=rfc3339_or_none(passkey.last_used_at),
        synced=passkey.backed_up,
        aaguid=passkey.aaguid,
        transports=passkey.transports.split(),
    )


def key_method(backup_eligible: bool) -> str:
    """The `amr` of a passkey (RFC 8176): a key that may leave its device is in software, any other in hardware."""
    return "swk" if backup_eligible else "hwk"
