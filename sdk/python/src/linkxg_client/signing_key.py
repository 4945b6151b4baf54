"""A private key that signs JWTs (RFC 7515): ES256 with P-256, EdDSA with Ed25519, RS256 with RSA.

Needs `linkxg-client[keys]`; nothing but `load_keys` imports it.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from linkxg_client.errors import SecretUnavailable
from linkxg_client.secret import Secret

_COORDINATE = 32
_RSA_BITS = range(2_048, 4_097)


class SigningKey:
    """Signs, and shows its public part only. It cannot be pickled."""

    __slots__ = ("_sign", "algorithm", "public_jwk", "thumbprint")

    def __init__(self, algorithm: str, public_jwk: dict[str, str], sign: Callable[[bytes], bytes]) -> None:
        self.algorithm = algorithm
        self.public_jwk = public_jwk
        self.thumbprint = b64url(hashlib.sha256(_json(public_jwk)).digest())
        """RFC 7638: the members that a key needs, in lexicographic order."""
        self._sign = sign

    def __repr__(self) -> str:
        return f"SigningKey({self.algorithm}, {self.thumbprint!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A private key cannot be pickled; pass its source instead.")

    def jwt(self, header: Mapping[str, object], claims: Mapping[str, object]) -> str:
        """A compact JWT; `alg` is added to its header."""
        signed = f"{b64url(_json({'alg': self.algorithm, **header}))}.{b64url(_json(claims))}"
        return f"{signed}.{b64url(self._sign(signed.encode()))}"


def generate() -> SigningKey:
    """A new key for ES256, in memory only."""
    return _es256(ec.generate_private_key(ec.SECP256R1()))


def read_pem(pem: Secret) -> SigningKey:
    """The key of an unencrypted PEM. Raises SecretUnavailable."""
    key = _load(pem)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return _es256(key)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        public = {"crv": "Ed25519", "kty": "OKP", "x": b64url(key.public_key().public_bytes_raw())}
        return SigningKey("EdDSA", public, key.sign)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size in _RSA_BITS:
        return _rs256(key)
    raise SecretUnavailable("The private key is not one of PEM without a password for P-256, Ed25519 or RSA.")


def _load(pem: Secret) -> object:
    # Raised by the caller: an exception from here has the frames that hold the text of the key.
    try:
        return load_pem_private_key(pem.reveal().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _es256(key: ec.EllipticCurvePrivateKey) -> SigningKey:
    numbers, algorithm = key.public_key().public_numbers(), ec.ECDSA(hashes.SHA256())

    def sign(message: bytes) -> bytes:
        # R || S (RFC 7518 §3.4).
        r, s = decode_dss_signature(key.sign(message, algorithm))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")

    x, y = (b64url(number.to_bytes(_COORDINATE, "big")) for number in (numbers.x, numbers.y))
    return SigningKey("ES256", {"crv": "P-256", "kty": "EC", "x": x, "y": y}, sign)


def _rs256(key: rsa.RSAPrivateKey) -> SigningKey:
    numbers = key.public_key().public_numbers()
    n, e = (b64url(each.to_bytes((each.bit_length() + 7) // 8, "big")) for each in (numbers.n, numbers.e))
    return SigningKey(
        "RS256", {"e": e, "kty": "RSA", "n": n}, lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    )


def b64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
