"""Reads a DPoP proof: a JWT signed with the key in its own header (RFC 9449 §4.2, §4.3).

It is bounded before it is parsed, and nothing of it but the key is used before its signature is verified.
"""

from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature

from linkxg.crypto.jwt import MAX_JTI, decode_b64url, numeric_date
from linkxg.identity.jwt_segment import parse_segment
from linkxg.identity.sender_constraint.public_jwk import ALGORITHMS, UnusableKey, read_public_jwk

MAX_PROOF = 4_096
TYPE = "dpop+jwt"


class MalformedProof(ValueError):
    """The proof is refused; the message is for its sender."""


class DpopProof(NamedTuple):
    """The claims of a proof whose signature is valid; nothing of them is compared with the request yet."""

    thumbprint: str
    method: str
    uri: str
    jti: str
    issued_at: float
    nonce: Any
    token_digest: Any


def read_proof(value: bytes) -> DpopProof:
    """Raises MalformedProof."""
    if len(value) > MAX_PROOF or not value.isascii():
        raise MalformedProof(f"The DPoP proof must be one JWT of at most {MAX_PROOF} characters.")
    signing_input, _, encoded_signature = value.decode("ascii").rpartition(".")
    encoded_header, dot, encoded_claims = signing_input.partition(".")
    signature = decode_b64url(encoded_signature)
    if not dot or "." in encoded_claims or signature is None:
        raise MalformedProof("The DPoP proof is not a compact JWT.")
    header = _object(encoded_header)
    if header.get("typ") != TYPE:
        raise MalformedProof(f"The typ of the DPoP proof must be {TYPE}.")
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise MalformedProof(f"The alg of the DPoP proof must be one of {', '.join(ALGORITHMS)}.")
    if "crit" in header or "b64" in header:
        raise MalformedProof("The header of the DPoP proof requires an extension that is not supported.")
    try:
        key = read_public_jwk(algorithm, header.get("jwk"))
        key.verify(signature, signing_input.encode())
    except UnusableKey as error:
        raise MalformedProof(str(error)) from None
    except InvalidSignature:
        raise MalformedProof("The signature of the DPoP proof is invalid.") from None
    return _proof(key.thumbprint, _object(encoded_claims))


def _proof(thumbprint: str, claims: dict[str, Any]) -> DpopProof:
    method, uri, jti, issued_at = (claims.get(name) for name in ("htm", "htu", "jti", "iat"))
    if not (isinstance(method, str) and isinstance(uri, str) and isinstance(jti, str) and 0 < len(jti) <= MAX_JTI):
        raise MalformedProof("The DPoP proof must have the claims htm, htu and jti.")
    seconds = numeric_date(issued_at)
    if seconds is None:
        raise MalformedProof("The DPoP proof must have the claim iat, in seconds since the epoch.")
    return DpopProof(thumbprint, method, uri, jti, seconds, claims.get("nonce"), claims.get("ath"))


def _object(segment: str) -> dict[str, Any]:
    found = parse_segment(segment)
    if found is None:
        raise MalformedProof("The DPoP proof is not a compact JWT with JSON objects.")
    return found
