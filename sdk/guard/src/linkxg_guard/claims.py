"""Reads the claims of an access token (RFC 9068 §2.2) whose signature or introspection has proven it genuine."""

import re
from ipaddress import ip_network
from typing import Any

from linkxg_guard.errors import InvalidToken
from linkxg_guard.principal import Confirmation, Principal
from linkxg_guard.strict_json import is_integer, is_text, read_object

_TEXTS = ("iss", "sub", "client_id", "jti", "account_id", "scope")
_NUMBERS = ("iat", "exp")
_APP_CLIENT_ID = "lxgapp_linkxg"
_MAX_NETWORKS = 64
_BINDINGS = {"jkt", "x5t#S256"}
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def read_claims(payload: bytes, *, issuer: str, audiences: frozenset[str], account_id: str, kid: str) -> Principal:
    """The caller. Raises InvalidToken. Expiry, revocation and the caller's address are checked at each request."""
    try:
        claims = read_object(payload)
    except ValueError as error:
        raise InvalidToken(f"claims: {error}") from None
    get = claims.get
    for name in _TEXTS:
        if not is_text(get(name), 2_048):
            raise InvalidToken(f"claim {name}")
    for name in _NUMBERS:
        if not is_integer(get(name)):
            raise InvalidToken(f"claim {name}")
    if "nbf" in claims and not (is_integer(claims["nbf"]) and claims["nbf"] <= claims["iat"]):
        raise InvalidToken("claim nbf")
    if claims["iss"] != issuer:
        raise InvalidToken("another issuer")
    audience = _audience(get("aud"), audiences)
    if claims["account_id"] != account_id:
        raise InvalidToken("another account")
    epoch = get("epoch", 0)
    if not is_integer(epoch) or epoch < 0:
        raise InvalidToken("claim epoch")
    session_id, role = get("sid"), get("role")
    if session_id is None:
        if role is not None or claims["sub"] != claims["client_id"] or not is_text(get("secret_id")):
            raise InvalidToken("claims that do not belong together")
    elif not is_text(session_id) or not is_text(role) or claims["client_id"] != _APP_CLIENT_ID or "secret_id" in claims:
        raise InvalidToken("claims that do not belong together")
    return Principal(
        kind="client" if session_id is None else "user",
        id=claims["sub"],
        account_id=account_id,
        client_id=claims["client_id"],
        scopes=frozenset(claims["scope"].split(" ")),
        jti=claims["jti"],
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        epoch=epoch,
        kid=kid,
        audience=audience,
        session_id=session_id,
        role=role,
        networks=_networks(get("cidrs")),
        cnf=_confirmation(claims["cnf"]) if "cnf" in claims else None,
    )


def _confirmation(cnf: Any) -> Confirmation:
    """Raises InvalidToken for a binding that is not understood: it may be one that nobody here checks."""
    if not isinstance(cnf, dict) or not cnf or not cnf.keys() <= _BINDINGS:
        raise InvalidToken("claim cnf")
    if not all(isinstance(value, str) and _THUMBPRINT.fullmatch(value) for value in cnf.values()):
        raise InvalidToken("claim cnf")
    return Confirmation(cnf.get("jkt"), cnf.get("x5t#S256"))


def _audience(aud: Any, accepted: frozenset[str]) -> str:
    """The one of the token's audiences that is accepted."""
    found = [aud] if isinstance(aud, str) else aud
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise InvalidToken("claim aud")
    for one in found:
        if one in accepted:
            return str(one)
    raise InvalidToken("another audience")


def _networks(cidrs: Any) -> tuple[str, ...]:
    if cidrs is None:
        return ()
    if not isinstance(cidrs, list) or not 0 < len(cidrs) <= _MAX_NETWORKS or not all(map(is_text, cidrs)):
        raise InvalidToken("claim cidrs")
    try:
        for text in cidrs:
            ip_network(text)
    except ValueError:
        raise InvalidToken("claim cidrs") from None
    return tuple(cidrs)
