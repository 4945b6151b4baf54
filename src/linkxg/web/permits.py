"""How does a route say who may use it?

Each function gives the route options that the guard reads. A route without one is refused to everybody, and
fails a test.
"""

from collections.abc import Iterable
from typing import Any

ADMINISTRATORS = ("OWNER", "ADMIN")
EVERYONE = ("OWNER", "ADMIN", "MEMBER", "VIEWER")
_BEARER: list[dict[str, list[str]]] = [{"bearer": []}]


def scope(name: str) -> dict[str, Any]:
    """The token must carry the scope `name`."""
    return {"opt": {"scope": name}, "security": _BEARER}


def roles(allowed: Iterable[str] = EVERYONE) -> dict[str, Any]:
    """Only people with one of these roles; a client is refused."""
    return {"opt": {"roles": frozenset(allowed)}, "security": _BEARER}


def any_caller() -> dict[str, Any]:
    """Any live token; the verb itself decides who may."""
    return {"opt": {"any_caller": True}, "security": _BEARER}


def public() -> dict[str, Any]:
    """No token is needed, and none is looked at."""
    return {"opt": {"public": True}, "security": []}


def session_roles(allowed: Iterable[str] = EVERYONE) -> dict[str, Any]:
    """Only people who have signed in to the console with one of these roles; tokens open nothing here."""
    return {"opt": {"session_roles": frozenset(allowed)}, "security": []}


def declared(opt: dict[str, Any]) -> bool:
    """Whether the options of a route say who may use it."""
    return any(opt.get(name) for name in ("scope", "roles", "any_caller", "public", "session_roles"))
