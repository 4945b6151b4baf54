"""Reads the public key that a client registers, as a JWK (RFC 7517) or in PEM, and keeps its public members only."""

import re
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from linkxg.crypto.jwk import PRIVATE_MEMBERS, THUMBPRINT_MEMBERS, thumbprint
from linkxg.errors import InvalidRequest
from linkxg.http import strict_json
from linkxg.identity.client_assertions.model import MAX_JWK
from linkxg.identity.federation.signed_token import read_key

_PRIVATE_MEMBER = re.compile(rf'"(?:{"|".join(sorted(PRIVATE_MEMBERS))})"\s*:')
_KINDS: tuple[type[Key], ...] = (ECKey, OKPKey, RSAKey)
_MAX_KID = 100
_PRIVATE_KEY = (
    "The field jwk or pem holds a private key. It was not stored. Register the public key only, and replace this pair:"
    " a private key that was sent somewhere is not private any more."
)
_UNUSABLE = (
    "The field jwk or pem must be one public key: RSA of 2048 to 8192 bits, EC on the curve P-256, or Ed25519, for"
    " RS256, PS256, ES256 or EdDSA."
)


def read_jwk(jwk: dict[str, Any]) -> dict[str, str]:
    """The public members, with a `kid`: the given one, or the thumbprint. Raises InvalidRequest."""
    if PRIVATE_MEMBERS & jwk.keys():
        raise InvalidRequest(_PRIVATE_KEY)
    kid, operations = jwk.get("kid"), jwk.get("key_ops")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= _MAX_KID and kid.isprintable()):
        raise InvalidRequest(f"The kid of the key must be a text of 1 to {_MAX_KID} printable characters.")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        raise InvalidRequest(_UNUSABLE)
    if read_key(jwk) is None:
        raise InvalidRequest(_UNUSABLE)
    names = THUMBPRINT_MEMBERS[jwk["kty"]]
    members = {name: str(jwk[name]) for name in names}
    public = members | {"kid": kid or thumbprint(members)}
    if isinstance(jwk.get("alg"), str):
        public["alg"] = jwk["alg"]
    if sum(map(len, public.values())) > MAX_JWK:
        raise InvalidRequest(_UNUSABLE)
    return public


def read_public_key_pem(pem: str) -> dict[str, str]:
    """The public key as a JWK. Raises InvalidRequest."""
    if "PRIVATE KEY" in pem:
        raise InvalidRequest(_PRIVATE_KEY)
    try:
        load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidRequest(_UNUSABLE) from None
    for kind in _KINDS:
        try:
            return read_jwk({**kind.import_key(pem).as_dict(private=False)})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    raise InvalidRequest(_UNUSABLE)


def read_key_text(text: str) -> dict[str, str]:
    """A JWK as JSON, or PEM, whatever was pasted. Raises InvalidRequest."""
    text = text.strip()
    if not text.startswith("{"):
        return read_public_key_pem(text)
    try:
        value = strict_json.parse(text)
    except ValueError:
        raise InvalidRequest(_UNUSABLE) from None
    return read_jwk(value)


def holds_private_key(text: str) -> bool:
    """Whether a pasted text seems to have a private part, in whatever document: it is not to be shown again."""
    return "PRIVATE KEY" in text or _PRIVATE_MEMBER.search(text) is not None
