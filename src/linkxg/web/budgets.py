"""The budgets that routes declare, and that of each access token."""

import time
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from linkxg.errors import RateLimitExceeded
from linkxg.web.exchange import exchange_of
from linkxg.web.limits import MAX_KEYS, Budget, Limits, refusal
from linkxg.web.permits import CALLER_BUDGET, REFUSED_BY_HANDLER, SOURCE_BUDGET
from linkxg.web.source import source_key

_REFUSAL = "linkxg.over_budget"
TOKEN_CALLS = Budget("api-token", 12_000, 60)


def caller_key(account_id: str, caller_id: str) -> str:
    """What budgets of callers count by. A client that uses its own up takes nothing from its Owners."""
    return f"{account_id} {caller_id}"


def require_budget(scope: Scope) -> None:
    """Raises the RateLimitExceeded that was left for the handler."""
    refused: RateLimitExceeded | None = scope.get(_REFUSAL)  # type: ignore[assignment]
    if refused is not None:
        raise refused


class RouteBudgets:
    """Two guards of the router: one before, one after the caller is known. Both run before a body is read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def spend_source(self, connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        """Raises RateLimitExceeded, or leaves it for the handler of a route that refuses itself."""
        budget = route.opt.get(SOURCE_BUDGET)
        if budget is None:
            return
        try:
            await self._limits.spend(budget, source_key(exchange_of(connection.scope).source))
        except RateLimitExceeded as error:
            if not route.opt.get(REFUSED_BY_HANDLER):
                raise
            connection.scope[_REFUSAL] = error  # type: ignore[literal-required]

    async def spend_caller(self, connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        """Raises RateLimitExceeded."""
        budget = route.opt.get(CALLER_BUDGET)
        if budget is not None:
            principal = exchange_of(connection.scope).principal
            await self._limits.spend(budget, caller_key(principal.account_id, principal.id))


class TokenBudget:
    """How often an access token may be used, counted by this worker alone: it costs no query and no await.

    One window for all tokens. It ends early when very many were seen, so that the memory is bounded.
    """

    def __init__(self, scale: float, max_tokens: int = MAX_KEYS) -> None:
        self._allowed = max(1, int(TOKEN_CALLS.amount * scale))
        self._max_tokens = max_tokens
        self._calls: dict[str, int] = {}
        self._ends = 0.0

    def spend(self, jti: str) -> None:
        """Raises RateLimitExceeded."""
        now = time.monotonic()
        if now >= self._ends or len(self._calls) >= self._max_tokens:
            self._calls, self._ends = {}, now + TOKEN_CALLS.seconds
        calls = self._calls[jti] = self._calls.get(jti, 0) + 1
        if calls > self._allowed:
            raise refusal(TOKEN_CALLS, self._allowed, self._ends - now)
