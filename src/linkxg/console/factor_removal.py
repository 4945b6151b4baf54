"""Removes a second factor of the signed-in person, from the page of passkeys or that of all factors."""

from collections.abc import Awaitable
from typing import Protocol

from litestar import Response

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.factor_budget import spend_factor_change
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, NotFound, RateLimitExceeded
from linkxg.identity.factors.change_factors import LAST_FACTOR, must_keep_factor, read_factors, remove_factor
from linkxg.identity.factors.model import PASSKEY, FactorView
from linkxg.identity.sessions.current_password import has_password
from linkxg.identity.single_sign_on.company_sign_in import read_company_sign_in


class FactorsPage(Protocol):
    """The page that lists the factors, with what is wrong."""

    def __call__(
        self, page: PageRequest, *, errors: FormErrors | None = None, status: int = 200
    ) -> Awaitable[Response[str]]: ...


async def remove_with_confirmation(
    page: PageRequest, factor_id: str, listing: FactorsPage, *, target: str, method: str | None = None
) -> Response[str]:
    """Ask whether to remove the factor, then who it is, then remove it; a factor that must stay is refused unasked.

    `listing` is the page at `target`, which lists the factors of this `method`. Raises NotFound.
    """
    account_id, user_id = page.account_id, page.person.user_id
    factors = (await read_factors(page.database, account_id, user_id)).factors
    factor = next((one for one in factors if one.id == factor_id and method in (None, one.method)), None)
    if factor is None:
        raise NotFound
    if await must_keep_factor(page.database, account_id, user_id):
        return await listing(page, errors=whole_form(LAST_FACTOR), status=409)
    is_passkey = factor.method == PASSKEY
    if not confirmed(page):
        title = f"Remove the passkey “{factor.name}”?" if is_passkey else f"Remove “{factor.name}”?"
        effects = await _removal_effects(page, factor, is_only=len(factors) == 1)
        button = "Remove passkey" if is_passkey else "Remove second factor"
        return ask_confirmation(page, Question(title, effects, button, "Keep it", target))
    act = "remove this passkey" if is_passkey else "remove this second factor"
    asking = await ask_step_up(page, act, back=lambda: listing(page))
    if asking is not None:
        return asking
    try:
        await spend_factor_change(page)
        await remove_factor(page.database, page.services.notices, page.actor, account_id, user_id, factor_id)
    except RateLimitExceeded as error:
        return await listing(page, errors=wait_for_budget(error), status=error.status)
    except Conflict as error:
        return await listing(page, errors=whole_form(error.description), status=error.status)
    if is_passkey:
        return redirect(page, target, **flash_message(page, f"The passkey “{factor.name}” is removed."))
    return redirect(page, target, done="factor-removed")


async def _removal_effects(page: PageRequest, factor: FactorView, *, is_only: bool) -> list[str]:
    """`is_only`: the person has no other second factor."""
    effects = [await _remaining_way_in(page), "Your recovery codes stop working."] if is_only else []
    if factor.method == PASSKEY:
        effects += [
            "You can no longer sign in with it.",
            "Your device or password manager may keep its copy, which has no effect here; you can delete it there.",
        ]
    return [*effects, "Your other sessions end now."]


async def _remaining_way_in(page: PageRequest) -> str:
    """How the person signs in without any second factor."""
    person = (page.account_id, page.person.user_id)
    if await page.database.read(has_password, *person):
        return "Your password alone signs you in from now on."
    company = await read_company_sign_in(page.database, *person)
    if company is not None and company.linked_at is not None:
        return "You sign in with your company only from now on."
    return "You have no password: to sign in again you need a link by which you choose one."
