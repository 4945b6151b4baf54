"""Verifies a JWT that a provider signed: RFC 7515, RFC 8725.

The algorithm must be one of a fixed list that has no symmetric one, and fit the key: a public key is never the secret
of an HMAC. Keys come from the provider's own key set only, never from the token.
"""

from itertools import islice
from typing import Any, NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from linkxg.crypto.jwt import decode_b64url
from linkxg.identity.federation.provider_fault import ProviderFault, SignatureFault
from linkxg.identity.jwt_segment import parse_segment

ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""The key type of each."""
MAX_TOKEN = 32 * 1024
MAX_LISTED = 64
MAX_KEYS = 16
"""Of a set: how many are looked at, and how many that are usable are kept."""
MAX_KID = 200
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_KINDS: dict[str, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
_MINIMUM_RSA, _MAXIMUM_RSA = 2_048, 8_192
_MAXIMUM_EXPONENT = 1 << 32
"""A verification takes as long as modulus and exponent are: whoever chooses the key chooses how long."""
_KEY_BYTES, _BYTES_PER_MODULUS_BYTE = 6_000, 3


class Header(NamedTuple):
    algorithm: str
    kid: str | None
    type: str | None


class VerificationKey(NamedTuple):
    """A public key of a provider's set; `algorithm` is the only one that it may be used with, if it names one."""

    kid: str | None
    type: str
    algorithm: str | None
    key: Key

    def fits(self, header: Header) -> bool:
        """Whether it may have made the signature."""
        if ALGORITHMS[header.algorithm] != self.type or self.algorithm not in (None, header.algorithm):
            return False
        return header.kid is None or header.kid == self.kid

    @property
    def size(self) -> int:
        """An upper bound of the bytes that it takes in memory, once it was used."""
        bits = self.key.public_key.key_size if isinstance(self.key, RSAKey) else 0
        return _KEY_BYTES + _BYTES_PER_MODULUS_BYTE * bits // 8


def read_header(token: str, accepted: frozenset[str]) -> Header:
    """Raises ProviderFault for anything but a compact JWS with an algorithm of `accepted`."""
    parts = token.split(".")
    header = _object(parts[0] if len(parts) == 3 and len(token) <= MAX_TOKEN else "")
    algorithm, kid, type_ = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or algorithm not in accepted:
        raise ProviderFault("It signed a token with an algorithm that is not accepted.")
    if "crit" in header or not isinstance(kid, str | None) or not isinstance(type_, str | None):
        raise ProviderFault("The header of its token is not accepted.")
    return Header(algorithm, kid, type_.lower() if type_ else None)


def read_keys(document: dict[str, Any]) -> tuple[VerificationKey, ...]:
    """The usable keys of a JWK set; others are skipped (RFC 7517 §5). Raises ProviderFault if it is not a set."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ProviderFault("Its key set has no keys.")
    found = (read_key(jwk) for jwk in keys[:MAX_LISTED] if isinstance(jwk, dict))
    return tuple(islice((key for key in found if key is not None), MAX_KEYS))


def verify(token: str, header: Header, key: VerificationKey) -> dict[str, Any]:
    """The claims. Raises ProviderFault unless the signature is valid."""
    signing_input, _, signature = token.rpartition(".")
    raw = decode_b64url(signature)
    try:
        is_valid = raw is not None and JWSRegistry.algorithms[header.algorithm].verify(
            signing_input.encode("ascii"), raw, key.key
        )
    except (JoseError, ValueError, TypeError):
        is_valid = False
    if not is_valid:
        raise SignatureFault("The signature of its token is not valid.")
    return _object(signing_input.rpartition(".")[2])


def _object(segment: str) -> dict[str, Any]:
    value = parse_segment(segment)
    if value is None:
        raise ProviderFault("Its token is malformed.")
    return value


def read_key(jwk: dict[str, Any]) -> VerificationKey | None:
    """The key of a JWK; None for one that is too weak, or that no accepted algorithm uses."""
    kind, kid, algorithm = jwk.get("kty"), jwk.get("kid"), jwk.get("alg")
    if not isinstance(kind, str) or kind not in _KINDS or not isinstance(kid, str | None):
        return None
    if kid is not None and len(kid) > MAX_KID:
        return None
    if jwk.get("use", "sig") != "sig" or not isinstance(algorithm, str | None):
        return None
    if algorithm is not None and algorithm not in ALGORITHMS:
        return None
    if kind in _CURVES and jwk.get("crv") != _CURVES[kind]:
        return None
    members: dict[str, Any] = {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}
    try:
        key: Key = _KINDS[kind].import_key(members)
        if isinstance(key, RSAKey) and not _is_rsa_accepted(key):
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return VerificationKey(kid, kind, algorithm, key)


def _is_rsa_accepted(key: RSAKey) -> bool:
    numbers = key.public_key.public_numbers()
    return _MINIMUM_RSA <= numbers.n.bit_length() <= _MAXIMUM_RSA and 2 < numbers.e < _MAXIMUM_EXPONENT
