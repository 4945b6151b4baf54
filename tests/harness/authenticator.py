"""A software authenticator: makes passkeys and signs with them, as honestly or dishonestly as a test wants.

WebAuthn Level 3 §6.1 to §6.5. It answers the options of the server in the form of `PublicKeyCredential.toJSON`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
HONEST = USER_PRESENT | USER_VERIFIED
AAGUID = bytes.fromhex("ea9b8d664d011d213ce4b6b48cb575d4")
Credential = dict[str, Any]
Options = dict[str, Any]
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def b64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key(algorithm: str) -> PrivateKey:
    """For ES256, EdDSA, or RS256."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "RS256":
        return rsa.generate_private_key(65_537, 2_048)
    return ec.generate_private_key(ec.SECP256R1())


def cose_key(key: PrivateKey) -> dict[int, Any]:
    """The public key (RFC 9053 §7, RFC 8230 §4)."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        width = (numbers.n.bit_length() + 7) // 8
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(width), -2: numbers.e.to_bytes(3)}
    point = public.public_numbers()
    return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}


def sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def client_data(kind: str, challenge: str, origin: str, **members: Any) -> bytes:
    """Client data as browsers serialise it (§5.8.1.1)."""
    content = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False} | members
    return json.dumps(content, separators=(",", ":")).encode()


@dataclass
class SoftwareAuthenticator:
    """One passkey and what it reports. `counts` says whether its counter grows with each use."""

    origin: str
    rp_id: str
    key: PrivateKey = field(default_factory=lambda: new_key("ES256"))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user_handle: bytes = b""
    flags: int = HONEST
    sign_count: int = 0
    counts: bool = True

    def create(
        self,
        options: Options,
        *,
        origin: str | None = None,
        public_key: Any = None,
        statement: dict[str, Any] | None = None,
        **members: Any,
    ) -> Credential:
        """The answer to registration options; `members` are of the client data."""
        self.user_handle = from_b64url(options["user"]["id"])
        data = client_data("webauthn.create", options["challenge"], origin or self.origin, **members)
        key = cose_key(self.key) if public_key is None else public_key
        encoded_key = key if isinstance(key, bytes) else cbor2.dumps(key)
        attested = AAGUID + len(self.credential_id).to_bytes(2) + self.credential_id + encoded_key
        attestation = statement or {"fmt": "none", "attStmt": {}}
        attestation = attestation | {"authData": self.authenticator_data(ATTESTED) + attested}
        return self._credential(
            clientDataJSON=b64url(data), attestationObject=b64url(cbor2.dumps(attestation)), transports=["internal"]
        )

    def get(
        self,
        options: Options,
        *,
        origin: str | None = None,
        flags: int | None = None,
        extensions: bytes = b"",
        user_handle: bytes | None = None,
        kind: str = "webauthn.get",
        **members: Any,
    ) -> Credential:
        """The answer to sign-in options; `members` are of the client data."""
        self.sign_count += self.counts
        data = client_data(kind, options["challenge"], origin or self.origin, **members)
        added = EXTENSIONS if extensions else 0
        authenticator_data = self.authenticator_data(added, flags) + extensions
        return self._credential(
            clientDataJSON=b64url(data),
            authenticatorData=b64url(authenticator_data),
            signature=b64url(sign(self.key, authenticator_data + hashlib.sha256(data).digest())),
            userHandle=b64url(self.user_handle if user_handle is None else user_handle),
        )

    def authenticator_data(self, added: int = 0, flags: int | None = None) -> bytes:
        shown = (self.flags if flags is None else flags) | added
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([shown]) + self.sign_count.to_bytes(4)

    def _credential(self, **response: Any) -> Credential:
        credential_id = b64url(self.credential_id)
        return {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
