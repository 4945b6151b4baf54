"""A LinkXG in memory, for guards without a network: it says and signs what the test wants."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from harness.token_forge import encode
from linkxg_guard import GuardSettings
from linkxg_guard.connection import Unreachable
from linkxg_guard.feed import TYPE

SETTINGS = GuardSettings(
    issuer="https://linkxg.example", resource="https://orders.example", client_id="lxgcli_a", client_secret="secret"
)
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = PRIVATE.public_key().public_numbers()
EC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "use": "sig",
    "alg": "ES256",
    "kid": "k1",
    "x": encode(PUBLIC.x.to_bytes(32, "big")),
    "y": encode(PUBLIC.y.to_bytes(32, "big")),
}
Document = dict[str, Any]


def signed(
    body: bytes, secret: str = "secret", client_id: str = "lxgcli_a", header: Document | None = None
) -> tuple[bytes, bytes]:
    head = encode(json.dumps(header or {"alg": "HS256", "typ": TYPE}).encode())
    key = hmac.digest(hashlib.sha256(secret.encode()).digest(), f"{TYPE} {client_id}".encode(), "sha256")
    mac = hmac.digest(key, f"{head}.{encode(body)}".encode(), "sha256")
    return body, f"{head}..{encode(mac)}".encode()


class Issuer:
    """Answers with `document`, changed and signed as the test says."""

    def __init__(self, change: Callable[[Document], object] = lambda _: None, **signing: Any) -> None:
        self.change = change
        self.signing = signing
        self.keys: list[Document] = []
        self.reads = 0

    async def close(self) -> None:
        pass

    async def get(self, path: str, limit: int) -> bytes:
        self.reads += 1
        if not self.keys:
            raise Unreachable(path)
        return json.dumps({"keys": self.keys}).encode()

    async def get_signed(self, path: str, limit: int, params: dict[str, str], wait_s: float) -> tuple[bytes, bytes]:
        document = {
            "iss": SETTINGS.issuer,
            "aud": SETTINGS.client_id,
            "resource": SETTINGS.resource,
            "account_id": "account",
            "iat": int(time.time()),
            "version": "1",
            "keys": [{"kid": "k1", "alg": "ES256"}],
            "entries": [{"kind": "token", "id": "t1"}],
            "nonce": params["nonce"],
        }
        self.change(document)
        return signed(json.dumps(document).encode(), **self.signing)


def access_token(jti: str, **more: Any) -> bytes:
    now = int(time.time())
    claims = {
        "iss": SETTINGS.issuer,
        "aud": SETTINGS.resource,
        "sub": "lxgcli_c",
        "client_id": "lxgcli_c",
        "secret_id": "s",
        "account_id": "account",
        "scope": "products:read",
        "iat": now,
        "exp": now + 3_600,
        "jti": jti,
        **more,
    }
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
    message = ".".join(encode(json.dumps(part).encode()) for part in (header, claims)).encode()
    r, s = decode_dss_signature(PRIVATE.sign(message, ec.ECDSA(hashes.SHA256())))
    return message + b"." + encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).encode()
