"""The budgets that routes declare, and that of each access token."""

import time

from litestar.types import Scope

from linkxg.errors import RateLimitExceeded
from linkxg.http.client_ip import source_key
from linkxg.http.rate_limits import MAX_KEYS, Budget, Limits, refusal

_REFUSAL = "linkxg.over_budget"
TOKEN_CALLS = Budget("api-token", 12_000, 60)


def caller_key(account_id: str, caller_id: str) -> str:
    """The key of a caller's budgets: a client and its Owners have budgets of their own."""
    return f"{account_id} {caller_id}"


def defer_refusal(scope: Scope, error: RateLimitExceeded) -> None:
    """Leave the refusal to the handler (`require_budget`)."""
    scope[_REFUSAL] = error  # type: ignore[literal-required]


def require_budget(scope: Scope) -> None:
    """Raises the deferred RateLimitExceeded, if any."""
    refused: RateLimitExceeded | None = scope.get(_REFUSAL)  # type: ignore[assignment]
    if refused is not None:
        raise refused


class Budgets:
    """The budgets that the guard spends: of source and caller as a route declares, of the token at each call."""

    def __init__(self, limits: Limits, scale: float) -> None:
        self._limits = limits
        self.spend_token = TokenBudget(scale).spend

    async def spend_source(self, budget: Budget, source: str) -> None:
        """Raises RateLimitExceeded."""
        await self._limits.spend(budget, source_key(source))

    async def spend_caller(self, budget: Budget, account_id: str, caller_id: str) -> None:
        """Raises RateLimitExceeded."""
        await self._limits.spend(budget, caller_key(account_id, caller_id))


class TokenBudget:
    """How often an access token may be used, counted per worker, without a query or an await.

    One window for all tokens, which ends early after very many tokens, so that memory is bounded.
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
