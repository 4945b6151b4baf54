"""The credentials by which assertions of a client are verified, and their representations."""

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from linkxg.clock import MINUTE

MAX_KEYS = 2
"""A second one for a rotation."""
MAX_TRUSTS = 10
MAX_CLAIMS = 8
MAX_NAME = 200
MAX_JWK = 4_096
MAX_PEM = 4_096
MAX_AUDIENCE = 500
MAX_CLAIM_NAME = 100
MAX_CLAIM_VALUE = 500
MAX_ASSERTION = 8_192
LEEWAY_S = 30
"""How far the clock of a client or an issuer may be off."""
MAX_LIFETIME_S = 600
"""Of an assertion that the client made itself: it is made for one request."""
MAX_WORKLOAD_LIFETIME_S = 3_660
"""Of a token of a foreign issuer: Kubernetes issues them for an hour."""
TOUCHED_MS = MINUTE
"""The last use is written at most this often."""
KEY, JWKS_URI, WORKLOAD = "key", "jwks_uri", "workload"
Kind = Literal["key", "jwks_uri", "workload"]


class Credential(msgspec.Struct, frozen=True):
    """A row of `client_assertion_credentials`; `document` is JSON, by its kind a JWK, a JwksUri or a Trust."""

    id: str
    kind: str
    name: str
    document: str
    created_at: int
    created_by: str
    last_used_at: int | None
    last_used_source: str | None
    read_at: int | None
    read_fault: str | None


class JwksUri(msgspec.Struct, frozen=True):
    jwks_uri: str


class Trust(msgspec.Struct, frozen=True):
    """Which tokens of a foreign issuer stand for the client: those with this audience and all of these claims."""

    issuer: str
    audience: str
    claims: dict[str, str]


class _CredentialView(msgspec.Struct, kw_only=True):
    id: str
    name: str
    created_at: int
    created_by: str
    last_used_at: int | None
    last_used_ip: str | None
    keys_read_at: int | None
    keys_error: str | None


_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "deploy-2026",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


class ClientKeyView(_CredentialView):
    """A public key of a client, or the address of its key set; times in seconds since the epoch.

    Of an address, `keys_read_at` is when its keys were read, at registration or for a token; null if they never were,
    for which `keys_error` is the reason that was seen.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Deployment", "jwk": _JWK, "jwks_uri": UNSET, "last_used_ip": None,
        "keys_read_at": None, "keys_error": None}  # fmt: skip

    jwk: dict[str, str] | UnsetType = UNSET
    jwks_uri: str | UnsetType = UNSET


class ClientTrustView(_CredentialView):
    """A foreign issuer whose tokens stand for the client.

    `keys_read_at` is when its keys were read, at registration or for a token; null if they never were, for which
    `keys_error` is the reason that was seen.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Release workflow",
        "issuer": "https://token.actions.githubusercontent.com",
        "audience": "https://api.linkxg.com",
        "claims": {"repository": "acme/erp", "ref": "refs/heads/main"},
        "last_used_ip": None,
        "keys_error": None,
    }

    issuer: str
    audience: str
    claims: dict[str, str]


def jwk_of(credential: Credential) -> dict[str, str]:
    return msgspec.json.decode(credential.document, type=dict[str, str])


def jwks_uri_of(credential: Credential) -> str:
    return msgspec.json.decode(credential.document, type=JwksUri).jwks_uri


def trust_of(credential: Credential) -> Trust:
    return msgspec.json.decode(credential.document, type=Trust)


def key_view(credential: Credential) -> ClientKeyView:
    is_key = credential.kind == KEY
    return ClientKeyView(
        **_common(credential),
        jwk=jwk_of(credential) if is_key else UNSET,
        jwks_uri=UNSET if is_key else jwks_uri_of(credential),
    )


def trust_view(credential: Credential) -> ClientTrustView:
    trust = trust_of(credential)
    return ClientTrustView(
        **_common(credential), issuer=trust.issuer, audience=trust.audience, claims=dict(trust.claims)
    )


def _common(credential: Credential) -> dict[str, Any]:
    used, read_at = credential.last_used_at, credential.read_at
    return {
        "id": credential.id,
        "name": credential.name,
        "created_at": credential.created_at // 1000,
        "created_by": credential.created_by,
        "last_used_at": None if used is None else used // 1000,
        "last_used_ip": credential.last_used_source,
        "keys_read_at": None if read_at is None or credential.kind == KEY else read_at // 1000,
        "keys_error": credential.read_fault,
    }
