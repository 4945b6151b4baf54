"""Signs and verifies compact JWTs (RFC 7515, RFC 7519).

A token is accepted only if its header is, byte for byte, the one that this server writes for one of its keys. No header
is interpreted, which rules out attacks by `alg`, `kid`, `jku` and `crit` (RFC 8725 §2): the algorithm belongs to the
key. Signatures are verified by joserfc.
"""

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from linkxg.crypto.mac import hmac_signer

MAX_LENGTH = 8_192
MAX_JTI = 255
_MINIMUM_SECRET = 32
_LATEST = 1 << 40
"""Integers of hundreds of digits do not fit into a float."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def b64url(raw: bytes) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    return b2a_base64(raw, newline=False).translate(_URL_SAFE).rstrip(b"=")


def generate_key(algorithm: str) -> dict[str, Any]:
    """A private JWK for `algorithm`: 256 random bits, P-256, Ed25519 or RSA 3072."""
    key: Key
    if algorithm == "HS256":
        key = OctKey.generate_key(256)
    elif algorithm == "ES256":
        key = ECKey.generate_key("P-256")
    elif algorithm == "EdDSA":
        key = OKPKey.generate_key("Ed25519")
    elif algorithm == "RS256":
        key = RSAKey.generate_key(3072)
    else:
        raise ValueError(f"no such algorithm: {algorithm}")
    return {**key.as_dict(private=True)}


class SigningKey:
    """One key, one algorithm. `header` is the encoded JOSE header of all its access tokens."""

    def __init__(self, kid: str, algorithm: str, jwk: dict[str, Any]) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._key = _import(algorithm, jwk)
        self.header = b64url(f'{{"alg":"{algorithm}","typ":"at+jwt","kid":"{kid}"}}'.encode())
        self._sign = _signer(self._key)
        # joserfc's algorithm without its header handling.
        self._algorithm = JWSRegistry.algorithms[algorithm]

    def mint(self, claims: bytes) -> str:
        """The compact JWS over `claims`, which is JSON."""
        signing_input = self.header + b"." + b64url(claims)
        return (signing_input + b"." + b64url(self._sign(signing_input))).decode("ascii")

    def sign(self, kind: str, payload: bytes) -> str:
        """The detached JWS (RFC 7515 appendix F) of `payload`; by its `typ` nobody takes it for that of a token."""
        return sign_detached({"alg": self.algorithm, "typ": kind, "kid": self.kid}, payload, self._sign)

    def verify(self, token: str) -> bytes | None:
        """The claims of a token with this key's header; None unless the signature is valid and canonical."""
        signing_input, _, signature = token.rpartition(".")
        raw = decode_b64url(signature)
        if raw is None or not self._algorithm.verify(signing_input.encode(), raw, self._key):
            return None
        return decode_b64url(signing_input.rpartition(".")[2])

    def public_jwk(self) -> dict[str, Any] | None:
        """The member of the JWK set (RFC 7517); None for a symmetric key."""
        if isinstance(self._key, OctKey):
            return None
        return {**self._key.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.algorithm}


def sign_jws(algorithm: str, jwk: dict[str, Any], header: dict[str, Any], payload: bytes) -> str:
    """The compact JWS (RFC 7515 §7.1) over `payload`; the algorithm is added to the header."""
    encoded = msgspec.json.encode({"alg": algorithm, **header})
    signing_input = b64url(encoded) + b"." + b64url(payload)
    signature = _signer(_import(algorithm, jwk))(signing_input)
    return (signing_input + b"." + b64url(signature)).decode("ascii")


def verify_jws(algorithm: str, public_jwk: dict[str, Any], token: str) -> bool:
    """Whether the compact JWS was signed by this key, whatever its header says."""
    signing_input, _, signature = token.rpartition(".")
    raw, key = decode_b64url(signature), _import(algorithm, public_jwk)
    return raw is not None and bool(JWSRegistry.algorithms[algorithm].verify(signing_input.encode(), raw, key))


def sign_detached(header: dict[str, Any], payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The compact JWS without its payload, which is sent beside it (RFC 7515 appendix F)."""
    encoded = b64url(msgspec.json.encode(header))
    return (encoded + b".." + b64url(sign(encoded + b"." + b64url(payload)))).decode("ascii")


def public_members(algorithm: str, jwk: dict[str, Any]) -> dict[str, Any]:
    """The public members of a private JWK of an asymmetric key (RFC 7517)."""
    return {**_import(algorithm, jwk).as_dict(private=False)}


def _import(algorithm: str, jwk: dict[str, Any]) -> Key:
    kinds: dict[str, tuple[type[Key], str]] = {
        "HS256": (OctKey, "oct"),
        "ES256": (ECKey, "EC"),
        "EdDSA": (OKPKey, "OKP"),
        "RS256": (RSAKey, "RSA"),
    }
    kind, kty = kinds[algorithm]
    if jwk.get("kty") != kty:
        raise ValueError(f"a key for {algorithm} must have kty {kty}")
    key: Key = kind.import_key(jwk)
    if isinstance(key, OctKey) and len(key.raw_value) < _MINIMUM_SECRET:
        raise ValueError("a key for HS256 must have at least 256 bits (RFC 7518 §3.2)")
    return key


def _signer(key: Key) -> Callable[[bytes], bytes]:
    """The bare signature function: minting needs no general JOSE machinery."""
    if isinstance(key, OctKey):
        return hmac_signer(key.raw_value)
    private: Any = key.private_key
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return lambda message: _raw_ecdsa(private.sign(message, ec.ECDSA(hashes.SHA256())))
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign
    if isinstance(private, rsa.RSAPrivateKey):
        return lambda message: private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    raise ValueError("the key has no private part")


def _raw_ecdsa(der: bytes) -> bytes:
    """R || S, 32 bytes each (RFC 7518 §3.4)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def numeric_date(value: object) -> float | None:
    """The seconds of a NumericDate (RFC 7519 §2); None for anything else, and for what no clock will show."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST:
        return None
    return value


def decode_b64url(segment: str) -> bytes | None:
    """The bytes of a base64url segment; None unless it is canonical: no padding, no stray trailing bits."""
    if len(segment) % 4 == 1 or not _ALPHABET.issuperset(segment):
        return None
    raw = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    return raw if b64url(raw).decode() == segment else None
