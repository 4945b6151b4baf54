"""Reads a signed passport: a compact JWS (RFC 7515) whose payload is the credential (VC-JOSE-COSE §3.1.1)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linkxg.crypto.jwt import decode_b64url
from linkxg.http.strict_json import NotStrictJson, parse
from linkxg.network.passports.documents.media_types import JWT_TYP
from linkxg.network.passports.validation.model import PassportFinding, error, warning

ALGORITHMS = ("ES256", "EdDSA")
"""The algorithms of the UNTP profile of VC-JOSE-COSE."""
_SEGMENTS = 3


class NotASignedPassport(ValueError):
    """The text is not a compact JWS with JSON in it; the message says what is wrong."""


class SignedPassport(NamedTuple):
    header: dict[str, Any]
    document: dict[str, Any]
    jwt: str


def read_signed(text: str) -> SignedPassport:
    """Raises NotASignedPassport. The signature is not checked here."""
    segments = text.split(".")
    if len(segments) != _SEGMENTS:
        raise NotASignedPassport("This is not a compact JWS: three base64url parts, separated by dots.")
    header, document = (_object(part, name) for part, name in zip(segments, ("header", "payload"), strict=False))
    if decode_b64url(segments[2]) is None:
        raise NotASignedPassport("The signature of the JWS is not base64url without padding.")
    return SignedPassport(header, document, text)


def _object(segment: str, name: str) -> dict[str, Any]:
    raw = decode_b64url(segment)
    if raw is None:
        raise NotASignedPassport(f"The {name} of the JWS is not base64url without padding.")
    try:
        value = parse(raw.decode())
    except UnicodeDecodeError:
        raise NotASignedPassport(f"The {name} of the JWS is not UTF-8.") from None
    except NotStrictJson as fault:
        raise NotASignedPassport(f"The {name} of the JWS is malformed JSON. {fault}") from None
    if not isinstance(value, dict):
        raise NotASignedPassport(f"The {name} of the JWS is not a JSON object.")
    return value


def issuer_of(document: dict[str, Any]) -> str | None:
    """The id of the issuer: `issuer` is a string, or an object with an id."""
    issuer = document.get("issuer")
    found = issuer.get("id") if isinstance(issuer, dict) else issuer
    return found if isinstance(found, str) else None


def check_header(signed: SignedPassport) -> Iterator[PassportFinding]:
    """The header by the UNTP profile of VC-JOSE-COSE. Pointers are into the payload; the header is the whole."""
    header, issuer = signed.header, issuer_of(signed.document)
    algorithm, key = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        yield error("algorithm", "", f"The alg of the header must be {' or '.join(ALGORITHMS)}.")
    if header.get("typ") != JWT_TYP:
        yield warning("header", "", f"The typ of the header must be {JWT_TYP}.")
    if not isinstance(key, str) or "#" not in key:
        yield error("header", "", "The header must name the key: a kid such as did:web:example.com#key-1.")
    elif issuer is not None and key.partition("#")[0] != issuer:
        yield error("issuer", "/issuer", "The kid of the header is not a key of this issuer.")
    if "iss" in header and issuer is not None and header["iss"] != issuer:
        yield error("issuer", "/issuer", "The iss of the header is another issuer.")
