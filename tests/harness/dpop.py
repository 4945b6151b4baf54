"""DPoP as a client would do it (RFC 9449), and as an attacker would."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from harness.answers import Answer
from harness.client import Client
from harness.clients import OAuthClient
from harness.rules import API

TOKEN = f"{API}/oauth/token"
ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def encode(value: Any) -> str:
    return b64(json.dumps(value, separators=(",", ":")).encode())


class DpopKey:
    """A client's key pair; `public` and `private` are JWKs."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self._private: Any
        if algorithm == "ES256":
            self._private = ec.generate_private_key(ec.SECP256R1())
            numbers = self._private.private_numbers()
            public = numbers.public_numbers
            self.public = {
                "crv": "P-256",
                "kty": "EC",
                "x": b64(public.x.to_bytes(32)),
                "y": b64(public.y.to_bytes(32)),
            }
            self.private = {**self.public, "d": b64(numbers.private_value.to_bytes(32))}
        elif algorithm == "EdDSA":
            self._private = ed25519.Ed25519PrivateKey.generate()
            self.public = {"crv": "Ed25519", "kty": "OKP", "x": b64(self._private.public_key().public_bytes_raw())}
            self.private = {**self.public, "d": b64(self._private.private_bytes_raw())}
        else:
            self._private = rsa.generate_private_key(65_537, 2_048)
            modulus = self._private.public_key().public_numbers().n
            self.public = {"e": "AQAB", "kty": "RSA", "n": b64(modulus.to_bytes(256))}
            self.private = {**self.public, "d": "AQAB"}

    @property
    def thumbprint(self) -> str:
        return b64(hashlib.sha256(json.dumps(self.public, separators=(",", ":"), sort_keys=True).encode()).digest())

    def sign(self, signed: bytes) -> bytes:
        key = self._private
        if isinstance(key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(signed)
        assert isinstance(key, rsa.RSAPrivateKey)
        if self.algorithm == "PS256":
            return key.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32), hashes.SHA256())
        return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())

    def jwt(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """Whatever is in them, truly signed."""
        signed = f"{encode(header)}.{encode(claims)}"
        return f"{signed}.{b64(self.sign(signed.encode()))}"

    def header(self, **changed: Any) -> dict[str, Any]:
        return _without_none({"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.public, **changed})

    def proof(
        self,
        method: str,
        uri: str,
        nonce: str | None = None,
        token: str | None = None,
        header: Mapping[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        """A proof; members of header and claims are replaced, or left out if None."""
        claims = {"jti": uuid.uuid4().hex, "htm": method, "htu": uri, "iat": int(time.time()), "nonce": nonce}
        claims["ath"] = b64(hashlib.sha256(token.encode()).digest()) if token is not None else None
        return self.jwt(self.header(**(header or {})), _without_none({**claims, **changed}))


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


class DpopClient:
    """An OAuth client that follows RFC 9449: it repeats a request with the nonce that the server demands."""

    def __init__(self, api: Client, oauth: OAuthClient, base: str | None = None, key: DpopKey | None = None) -> None:
        self.api = api
        self.oauth = oauth
        self.base = base or api.url.rstrip("/")
        self.key = key or DpopKey()
        self.nonce: str | None = None

    def request_token(self, *, headers: list[tuple[str, str]] | None = None, **changed: Any) -> Answer:
        answer = self._request_token(headers or [], changed)
        if answer.error == "use_dpop_nonce" and "nonce" not in changed:
            answer = self._request_token(headers or [], changed)
        return answer

    def _request_token(self, headers: list[tuple[str, str]], changed: dict[str, Any]) -> Answer:
        proof = self.key.proof("POST", self.base + TOKEN, **{"nonce": self.nonce, **changed})
        return self._keep_nonce(
            self.api.post("/oauth/token", form=self.oauth.form, headers=[("DPoP", proof), *headers], reveals=True)
        )

    def token(self) -> str:
        body = self.request_token().expect(200).object()
        assert body["token_type"] == "DPoP", body
        return str(body["access_token"])

    def fields(self, token: str, method: str, path: str, **changed: Any) -> list[tuple[str, str]]:
        """The header fields of a request with a bound token."""
        proof = self.key.proof(method, f"{self.base}{API}{path}", **{"nonce": self.nonce, "token": token, **changed})
        return [("Authorization", f"DPoP {token}"), ("DPoP", proof)]

    def call(self, token: str, path: str = "/products", method: str = "GET", **changed: Any) -> Answer:
        """One request with a proof of its own; a demanded nonce is kept, and the request not repeated."""
        return self._keep_nonce(self.api.request(method, path, headers=self.fields(token, method, path, **changed)))

    def _keep_nonce(self, answer: Answer) -> Answer:
        self.nonce = answer.header("dpop-nonce") or self.nonce
        return answer
