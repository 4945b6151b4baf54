"""Reads the Authorization header of a request."""

from linkxg_guard.errors import InvalidRequest, InvalidToken, MissingToken
from linkxg_guard.jws import MAX_TOKEN


class SenderConstrained(Exception):
    """The token is bound to a key or a certificate; `authenticate` checks that with the request."""


def read_bearer(authorization: bytes | None) -> bytes:
    """The token of an Authorization header (RFC 6750 §2.1). Raises MissingToken, InvalidRequest or InvalidToken.

    Raises SenderConstrained for the scheme DPoP (RFC 9449 §7.1).
    """
    if authorization is None:
        raise MissingToken
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer":
        if scheme.lower() == b"dpop":
            raise SenderConstrained
        raise MissingToken("another scheme")
    token = token.strip(b" ")
    if not token:
        raise InvalidRequest("no token")
    if len(token) > MAX_TOKEN:
        # What else is wrong with it is found when it is verified: a token that is known needs no look at its letters.
        raise InvalidToken("too long")
    return token


def read_token(authorization: bytes | None) -> tuple[bool, bytes]:
    """Whether the scheme is DPoP instead of Bearer, and the token."""
    try:
        return False, read_bearer(authorization)
    except SenderConstrained:
        _, _, token = (authorization or b"").partition(b" ")
    return True, read_bearer(b"Bearer " + token)
