"""Reads a DPoP proof: a JWT signed with the key in its own header (RFC 9449 §4.2, §4.3).

It is bounded before it is parsed. Its key must be that of the token, so a stranger's key is not even used.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature

from linkxg_guard.jws import decode_segment, encode_segment, split
from linkxg_guard.public_keys import PRIVATE, read_verifier
from linkxg_guard.strict_json import is_text, read_object

MAX_PROOF, MAX_JTI = 4_096, 256
TYPE = "dpop+jwt"
_LATEST = 1 << 40
"""Larger numbers are no times."""
_MEMBERS = {"ES256": ("crv", "kty", "x", "y"), "EdDSA": ("crv", "kty", "x"),
            "RS256": ("e", "kty", "n"), "PS256": ("e", "kty", "n")}  # fmt: skip


class AnotherKey(Exception):
    """The proof is of another key than the token."""


class Proof(NamedTuple):
    """The claims of a proof whose signature is right; they are still to be compared with the request."""

    method: str
    uri: str
    jti: str
    issued_at: float
    token_digest: Any


def read_proof(value: bytes, algorithms: Collection[str], thumbprint: str) -> Proof:
    """The proof by the key with this thumbprint (RFC 7638). Raises AnotherKey, or ValueError for an unsound proof."""
    header_segment, claims_segment, signature_segment = split(value, MAX_PROOF)
    header = read_object(decode_segment(header_segment))
    if header.get("typ") != TYPE:
        raise ValueError("typ")
    algorithm, jwk = header.get("alg"), header.get("jwk")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise ValueError("alg")
    if "crit" in header or "b64" in header:
        raise ValueError("an extension is required")
    if not isinstance(jwk, dict) or PRIVATE & jwk.keys() or jwk.get("alg", algorithm) != algorithm:
        raise ValueError("not a public key of the algorithm")
    members = {name: jwk.get(name) for name in _MEMBERS[algorithm]}
    if not all(is_text(member, 2_048) for member in members.values()):
        raise ValueError("the key lacks a member")
    # In lexicographic order and without spaces, as RFC 7638 §3.3 wants it.
    canonical = json.dumps(members, separators=(",", ":"))
    if not hmac.compare_digest(_thumbprint(canonical), thumbprint.encode()):
        raise AnotherKey
    try:
        _verifier(algorithm, canonical)(decode_segment(signature_segment), header_segment + b"." + claims_segment)
    except InvalidSignature:
        raise ValueError("signature") from None
    return _claims(read_object(decode_segment(claims_segment)))


def _claims(claims: dict[str, Any]) -> Proof:
    method, uri, jti, issued_at = (claims.get(name) for name in ("htm", "htu", "jti", "iat"))
    if not isinstance(method, str) or not isinstance(uri, str) or not is_text(jti, MAX_JTI):
        raise ValueError("htm, htu or jti")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float) or not 0 <= issued_at < _LATEST:
        raise ValueError("iat")
    return Proof(method, uri, str(jti), issued_at, claims.get("ath"))


def _thumbprint(canonical: str) -> bytes:
    return encode_segment(hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest())


@lru_cache(1_024)
def _verifier(algorithm: str, canonical: str) -> Callable[[bytes, bytes], None]:
    found = read_verifier(algorithm, json.loads(canonical))
    if found is None:
        raise ValueError("not a public key of the algorithm")
    return found
