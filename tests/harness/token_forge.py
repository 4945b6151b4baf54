"""Makes tokens as a hostile caller would: signed with the true key, or with anything else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwk

JsonObject = dict[str, Any]


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def decode_unverified(token: str) -> tuple[JsonObject, JsonObject]:
    """Header and claims of a token, unverified."""
    header, claims, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims))


def kid(token: str) -> str:
    """The id of the key that signed a token."""
    return str(decode_unverified(token)[0]["kid"])


def json_bytes(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class TokenForge:
    """The signing key of a server in the wrong hands."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.kid = str(record["kid"])
        self.alg = str(record["alg"])
        self.jwk: JsonObject = dict(record["jwk"])

    def sign(self, signed: bytes) -> bytes:
        """The true signature over any bytes, whatever a library would think of the header in them."""
        if self.alg == "HS256":
            return hmac.new(decode(self.jwk["k"]), signed, hashlib.sha256).digest()
        key = self._private_key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        if isinstance(key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert isinstance(key, ed25519.Ed25519PrivateKey)
        return key.sign(signed)

    @cached_property
    def _private_key(self) -> Any:
        # Importing an RSA key checks its primes, which takes far longer than a signature.
        members = {name: value for name, value in self.jwk.items() if name not in {"use", "key_ops", "alg"}}
        return jwk.import_key(members).get_op_key("sign")

    def sign_json(self, header: bytes, claims: bytes) -> str:
        """A compact token over these exact JSON texts, truly signed."""
        signed = f"{encode(header)}.{encode(claims)}"
        return f"{signed}.{encode(self.sign(signed.encode()))}"

    def token(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        return self.sign_json(json_bytes(header), json_bytes(claims))

    def with_changes(self, token: str, *, header: JsonObject | None = None, claims: JsonObject | None = None) -> str:
        """A genuine token with some members changed; None as a value removes the member."""
        old_header, old_claims = decode_unverified(token)
        return self.token(_changed(old_header, header), _changed(old_claims, claims))


def _changed(old: JsonObject, changes: JsonObject | None) -> JsonObject:
    return {name: value for name, value in (old | (changes or {})).items() if value is not None}


def hmac_token(header: Mapping[str, Any], claims: Mapping[str, Any], key: bytes) -> str:
    """A token signed by HMAC with a key of the attacker's choice."""
    signed = f"{encode(json_bytes(header))}.{encode(json_bytes(claims))}"
    return f"{signed}.{encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"
