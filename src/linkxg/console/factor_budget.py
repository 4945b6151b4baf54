"""The budget of changes of second factors, which every form that changes one spends before it does so."""

from linkxg.console.guard import PageRequest
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.factors.change_factors import FACTOR_CHANGES


async def spend_factor_change(page: PageRequest) -> None:
    """Raises RateLimitExceeded."""
    await page.services.limits.spend(FACTOR_CHANGES, caller_key(page.account_id, page.person.user_id))
