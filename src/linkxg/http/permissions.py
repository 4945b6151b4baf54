"""Permissions, as routes declare them.

Each function returns the route options that the guard reads. A route without one refuses everybody, and fails a test.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from linkxg.http.rate_limits import Budget

SOURCE_BUDGET, CALLER_BUDGET = "source_budget", "caller_budget"
REFUSED_BY_HANDLER = "refused_by_handler"
IGNORES_QUERY = "ignores_query"
ALSO = "second_scope"
SCOPE_IF_ANY = "scope_if_any"
RECENT = "recent_authentication"
PERMITS = ("scope", "roles", "any_caller", "public", "session_roles", "scim_token", "client_authentication")
_BEARER: list[dict[str, list[str]]] = [{"bearer": []}]


class RecentAuthentication(Enum):
    """Whether people must have been authenticated recently (RFC 9470); clients are not affected."""

    IF_REQUIRED = "if required"
    """If the account requires it."""
    ALWAYS = "always"
    """Always, with a second factor if the person has one; the account may only shorten the time."""


def scope(
    name: str,
    caller_budget: Budget | None = None,
    *,
    also: str | None = None,
    recent: RecentAuthentication | None = None,
    reads_query: bool = False,
) -> dict[str, Any]:
    """The token must carry the scope `name`, and `also` another one. Each call spends from the caller's budget.

    With `reads_query` the handler reads all parameters of the address, and refuses unknown ones itself.
    """
    opt = {"scope": name, ALSO: also, CALLER_BUDGET: caller_budget, RECENT: recent, IGNORES_QUERY: reads_query}
    return {"opt": opt, "security": _BEARER}


def roles(
    allowed: Iterable[str], caller_budget: Budget | None = None, *, recent: RecentAuthentication | None = None
) -> dict[str, Any]:
    """Only people with one of these roles, no clients. Each call spends from the caller's budget."""
    opt = {"roles": frozenset(allowed), CALLER_BUDGET: caller_budget, RECENT: recent}
    return {"opt": opt, "security": _BEARER}


def any_caller(caller_budget: Budget | None = None, *, recent: RecentAuthentication | None = None) -> dict[str, Any]:
    """Any valid token; the verb authorises the caller. Each call spends from the caller's budget."""
    return {"opt": {"any_caller": True, CALLER_BUDGET: caller_budget, RECENT: recent}, "security": _BEARER}


def public(
    source_budget: Budget | None = None, *, refused_by_handler: bool = False, ignores_query: bool = False
) -> dict[str, Any]:
    """No token is needed, and none is read.

    Each call spends from the source's budget before its body is read. With `refused_by_handler` the body is read all
    the same, within its bound, and the handler refuses (`require_budget`), so that its page keeps the input.
    With `ignores_query` unknown parameters are no error: monitors and caches add some.
    """
    opt = {
        "public": True,
        SOURCE_BUDGET: source_budget,
        REFUSED_BY_HANDLER: refused_by_handler,
        IGNORES_QUERY: ignores_query,
    }
    return {"opt": opt, "security": []}


def public_or_scope(name: str, source_budget: Budget, *, ignores_query: bool = False) -> dict[str, Any]:
    """No token is needed; one that is there must carry the scope `name`.

    Each call without one spends from the source's budget. With `ignores_query` unknown parameters are no error.
    """
    return {
        "opt": {
            "public": True,
            SCOPE_IF_ANY: name,
            SOURCE_BUDGET: source_budget,
            IGNORES_QUERY: ignores_query,
        },
        "security": [{}, *_BEARER],
    }


def session_roles(allowed: Iterable[str]) -> dict[str, Any]:
    """Only people with a console session and one of these roles; tokens are not accepted."""
    return {"opt": {"session_roles": frozenset(allowed)}, "security": []}


def scim_token(account_budget: Budget | None = None) -> dict[str, Any]:
    """Only an identity provider with a token of its own (RFC 7644 §2); access tokens and sessions are not accepted.

    Each call spends from the account's budget.
    """
    return {"opt": {"scim_token": True, CALLER_BUDGET: account_budget}, "security": []}


def client_authentication() -> dict[str, Any]:
    """Only clients with their credentials, by HTTP Basic; the handler verifies them. No token is accepted."""
    return {"opt": {"client_authentication": True}, "security": [{"basic": []}]}


def scopes_of(opt: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes that a token needs for a route with these options; none if it is not open by scope."""
    return tuple(name for name in (opt.get("scope"), opt.get(ALSO)) if name)


def declared(opt: dict[str, Any]) -> bool:
    """Whether the options of a route say who may use it."""
    return any(map(opt.get, PERMITS))
