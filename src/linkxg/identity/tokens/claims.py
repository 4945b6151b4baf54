"""Validates the claims of an access token (RFC 7519 §4, RFC 8725 §3.11).

Names are unique. The claims are either those of a person (session, role, this application) or those of a client
(secret, the client as subject), never a mixture.
"""

import msgspec

from linkxg.errors import InvalidToken
from linkxg.http.strict_json import parse
from linkxg.identity.tokens.model import APP_CLIENT_ID, AccessClaims
from linkxg.identity.tokens.scopes import ROLE_SCOPES
from linkxg.ids import CLIENT_ID_PREFIX, is_uuid

_decode = msgspec.json.Decoder(AccessClaims, strict=True).decode
_encode = msgspec.json.Encoder().encode


def read_claims(payload: bytes) -> AccessClaims:
    """The claims of a verified token. Raises InvalidToken."""
    try:
        claims = _decode(payload)
        # Canonical claims, as this server writes them, need no check for repeated names.
        if _encode(claims) != payload:
            parse(payload.decode())
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise InvalidToken(reason="claims") from None
    if not (_is_person_token(claims) if claims.sid is not None else _is_client_token(claims)):
        raise InvalidToken(reason="claims that do not belong together")
    return claims


def _is_person_token(claims: AccessClaims) -> bool:
    return (
        claims.role in ROLE_SCOPES
        and claims.client_id == APP_CLIENT_ID
        and claims.secret_id is None
        and claims.certificate_id is None
        and claims.cnf is None
        and claims.cidrs is None
        and is_uuid(claims.sub)
    )


def _is_client_token(claims: AccessClaims) -> bool:
    return (
        claims.role is None
        and claims.amr is None
        and claims.auth_time is None
        and _is_bound_to_certificate(claims) == (claims.certificate_id is not None)
        and (claims.secret_id is not None or claims.certificate_id is not None)
        and claims.sub == claims.client_id
        and claims.sub.startswith(CLIENT_ID_PREFIX)
    )


def _is_bound_to_certificate(claims: AccessClaims) -> bool:
    return claims.cnf is not None and claims.cnf.x5t is not None
