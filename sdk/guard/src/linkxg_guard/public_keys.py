"""The public keys of LinkXG (RFC 7517), each for one algorithm only (RFC 8725 §3.1)."""

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from linkxg_guard.jws import decode_segment
from linkxg_guard.strict_json import is_text, read_object

MAX_KEYS = 32
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_ES256 = ec.ECDSA(hashes.SHA256())
_SHA256 = hashes.SHA256()
_PKCS1 = padding.PKCS1v15()
_PSS = padding.PSS(padding.MGF1(_SHA256), salt_length=32)
_ISSUED = ("ES256", "EdDSA", "RS256")
"""The algorithms of LinkXG's own keys."""
_MIN_RSA_BITS, _MAX_RSA_BITS = 2_048, 8_192


class PublicKey:
    """`verify(signature, message)` raises InvalidSignature."""

    __slots__ = ("alg", "kid", "verify")

    def __init__(self, kid: str, alg: str, verify: Callable[[bytes, bytes], None]) -> None:
        self.kid = kid
        self.alg = alg
        self.verify = verify


def read_key_set(body: bytes) -> dict[str, PublicKey]:
    """The keys by id, without those of unknown kinds (RFC 7517 §5). Raises ValueError if any other is unsound."""
    found = read_object(body).get("keys")
    if not isinstance(found, list) or len(found) > MAX_KEYS:
        raise ValueError("not a key set")
    keys = [key for one in found if (key := _read_key(one)) is not None]
    by_id = {key.kid: key for key in keys}
    if len(by_id) != len(keys):
        raise ValueError("two keys have one id")
    return by_id


def _read_key(jwk: Any) -> PublicKey | None:
    if not isinstance(jwk, dict) or PRIVATE & jwk.keys() or jwk.get("use") != "sig":
        raise ValueError("not a public signing key")
    kid, alg = jwk.get("kid"), jwk.get("alg")
    if not is_text(kid, 128):
        raise ValueError("a key has no id")
    verify = read_verifier(alg, jwk) if alg in _ISSUED else None
    return None if verify is None else PublicKey(str(kid), str(alg), verify)


def read_verifier(alg: Any, jwk: dict[str, Any]) -> Callable[[bytes, bytes], None] | None:
    """What verifies signatures of a public JWK by one algorithm; None of unknown ones. Raises ValueError."""
    kind = (jwk.get("kty"), jwk.get("crv"))
    if alg == "ES256" and kind == ("EC", "P-256"):
        return _es256(jwk)
    if alg == "EdDSA" and kind == ("OKP", "Ed25519"):
        return ed25519.Ed25519PublicKey.from_public_bytes(_member(jwk, "x")).verify
    if alg in ("RS256", "PS256") and kind[0] == "RSA":
        return _rsa(jwk, _PKCS1 if alg == "RS256" else _PSS)
    return None


def _es256(jwk: dict[str, Any]) -> Callable[[bytes, bytes], None]:
    x, y = _member(jwk, "x"), _member(jwk, "y")
    if len(x) != 32 or len(y) != 32:
        raise ValueError("wrong length of a coordinate")
    verify_der = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y).verify
    from_bytes = int.from_bytes

    def verify(signature: bytes, message: bytes) -> None:
        # R || S, 32 bytes each (RFC 7518 §3.4).
        if len(signature) != 64:
            raise InvalidSignature
        der = encode_dss_signature(from_bytes(signature[:32], "big"), from_bytes(signature[32:], "big"))
        verify_der(der, message, _ES256)

    return verify


def _rsa(jwk: dict[str, Any], scheme: padding.AsymmetricPadding) -> Callable[[bytes, bytes], None]:
    modulus, exponent = (int.from_bytes(_member(jwk, name), "big") for name in ("n", "e"))
    if not _MIN_RSA_BITS <= modulus.bit_length() <= _MAX_RSA_BITS or exponent.bit_length() > 32:
        raise ValueError("unsuitable size of a key")
    verify_rsa = rsa.RSAPublicNumbers(exponent, modulus).public_key().verify
    return lambda signature, message: verify_rsa(signature, message, scheme, _SHA256)


def _member(jwk: dict[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str) or not value.isascii() or len(value) > 2_048:
        raise ValueError(f"the member {name} is missing")
    return decode_segment(value.encode())
