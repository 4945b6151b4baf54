"""Reads the public key of a DPoP proof (RFC 7517, RFC 7518 §6, RFC 8037), and names it by its thumbprint (RFC 7638).

A key is either one of the few kinds that the algorithms need, in canonical encoding, or refused.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from linkxg.crypto.jwk import PRIVATE_MEMBERS, THUMBPRINT_MEMBERS, thumbprint
from linkxg.crypto.jwt import decode_b64url
from linkxg.http.error_responses import DPOP_ALGORITHMS

ALGORITHMS = DPOP_ALGORITHMS
RSA_BITS = range(2_048, 4_097)
"""A larger modulus would take long to verify."""
_KINDS = {"ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519"), "RS256": ("RSA", None), "PS256": ("RSA", None)}
_COORDINATE = 32
_LONGEST_EXPONENT = 4
_PSS = padding.PSS(padding.MGF1(SHA256()), salt_length=32)
Verify = Callable[[bytes, bytes], None]


class UnusableKey(ValueError):
    """The key is malformed, private, or not of the algorithm; the message is for its sender."""


class ProofKey(NamedTuple):
    """`verify` takes signature and message, and raises InvalidSignature."""

    thumbprint: str
    verify: Verify


def read_public_jwk(algorithm: str, jwk: Any) -> ProofKey:
    """The key for one of ALGORITHMS. Raises UnusableKey."""
    if not isinstance(jwk, dict):
        raise UnusableKey("The member jwk of the proof's header is not a key.")
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise UnusableKey("The key in the proof's header has a private part: do not use it any more.")
    kty, curve = _KINDS[algorithm]
    if jwk.get("kty") != kty or jwk.get("crv") != curve or jwk.get("alg", algorithm) != algorithm:
        raise UnusableKey("The key in the proof's header is not of the algorithm alg.")
    values = tuple(jwk.get(name) for name in THUMBPRINT_MEMBERS[kty])
    if not all(isinstance(value, str) for value in values):
        raise UnusableKey("The key in the proof's header lacks a member.")
    return _key(algorithm, kty, values)


@lru_cache(1_024)
def _key(algorithm: str, kty: str, values: tuple[str, ...]) -> ProofKey:
    members = dict(zip(THUMBPRINT_MEMBERS[kty], values, strict=True))
    try:
        return ProofKey(thumbprint(members), _verifier(algorithm, members))
    except ValueError:
        raise UnusableKey("The key in the proof's header is malformed, too short or too long.") from None


def _verifier(algorithm: str, members: dict[str, str]) -> Verify:
    if algorithm == "ES256":
        x, y = (int.from_bytes(_octets(members[name], _COORDINATE)) for name in ("x", "y"))
        return _ecdsa(ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PublicKey.from_public_bytes(_octets(members["x"], _COORDINATE)).verify
    public = rsa.RSAPublicNumbers(_exponent(members["e"]), _modulus(members["n"])).public_key()
    if algorithm == "RS256":
        return lambda signature, message: public.verify(signature, message, padding.PKCS1v15(), SHA256())
    return lambda signature, message: public.verify(signature, message, _PSS, SHA256())


def _ecdsa(public: ec.EllipticCurvePublicKey) -> Verify:
    def verify(signature: bytes, message: bytes) -> None:
        if len(signature) != 2 * _COORDINATE:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:_COORDINATE]), int.from_bytes(signature[_COORDINATE:])
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))

    return verify


def _octets(text: str, size: int | None = None) -> bytes:
    """Raises ValueError unless the text is canonical: otherwise one key would have several thumbprints."""
    raw = decode_b64url(text)
    if not raw or (size is not None and len(raw) != size):
        raise ValueError(text)
    return raw


def _modulus(text: str) -> int:
    raw = _octets(text)
    if not raw[0] or len(raw) * 8 > RSA_BITS[-1] or int.from_bytes(raw).bit_length() not in RSA_BITS:
        raise ValueError(text)
    return int.from_bytes(raw)


def _exponent(text: str) -> int:
    raw = _octets(text)
    if not raw[0] or len(raw) > _LONGEST_EXPONENT:
        raise ValueError(text)
    return int.from_bytes(raw)
