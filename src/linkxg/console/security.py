"""`/account/security`: the signed-in person's second factors and recovery codes."""

import re

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.factor_removal import removal_effects
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import download, redirect, render
from linkxg.console.sign_in import bound_browser
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, InvalidRequest, NotFound, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.change_factors import (
    FACTOR_CHANGES,
    LAST_FACTOR,
    begin_totp,
    confirm_totp,
    must_keep_factor,
    new_codes,
    read_factors,
    read_pending_totp,
    remove_factor,
)
from linkxg.identity.factors.recovery_codes import COUNT
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.single_sign_on.begin_sign_in import begin_sign_in, find_provider_by_account, linking_browser
from linkxg.identity.single_sign_on.company_sign_in import read_company_sign_in
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused

SECURITY = "/account/security"
_ACTS = {
    "app": "set up an authenticator app",
    "confirm": "set up the authenticator app",
    "codes": "replace your recovery codes",
    "remove": "remove this second factor",
    "company": "connect your company sign-in",
}
_NO_CODES = (
    "No set-up is in progress. If you have just confirmed an app, it is set up: its recovery codes were shown once, "
    "and you can make new ones below."
)
_CODES = re.compile(r"[0-9a-z]{4,8}(-[0-9a-z]{4,8}){3}")


@get(SECURITY, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(SECURITY, **session_roles(EVERYONE))
async def change(page: NamedDependency[PageRequest]) -> Response[str]:
    act = page.form.text("act")
    if act not in _ACTS:
        raise InvalidRequest("Choose an action.")

    async def back() -> Response[str]:
        return await _show(page)

    if act == "remove" and await must_keep_factor(page.database, page.account_id, page.person.user_id):
        # Before anything is asked.
        return await _show(page, errors=whole_form(LAST_FACTOR), status=409)
    if act in ("codes", "remove") and not confirmed(page):
        asked = await _ask(page, act)
        if asked is not None:
            return asked
    asking = await ask_step_up(page, _ACTS[act], back=back)
    if asking is not None:
        return asking
    try:
        await page.services.limits.spend(FACTOR_CHANGES, caller_key(page.account_id, page.person.user_id))
        return await _act(page, act)
    except RateLimitExceeded as error:
        return await _show(page, errors=wait_for_budget(error), status=error.status)
    except Conflict as error:
        return await _show(page, errors=whole_form(error.description), status=error.status)


@post(f"{SECURITY}/codes", **session_roles(EVERYONE))
async def save_codes(page: NamedDependency[PageRequest]) -> Response[str]:
    """The recovery codes of the page that shows them, as a file."""
    codes = page.form.all("code")
    if not 0 < len(codes) <= COUNT or not all(_CODES.fullmatch(code) for code in codes):
        raise InvalidRequest("Save the codes from the page that shows them.")
    text = f"Recovery codes of {page.person.email}, LinkXG. Each works once.\r\n\r\n" + "\r\n".join(codes) + "\r\n"
    return download(page, text, "text/plain; charset=utf-8", "linkxg-recovery-codes.txt")


HANDLERS = (show, change, save_codes)


async def _act(page: PageRequest, act: str) -> Response[str]:
    database, notices, actor = page.database, page.services.notices, page.actor
    account_id, user_id = page.account_id, page.person.user_id
    if act == "app":
        pending, email = await begin_totp(database, page.services.server_key, actor, account_id, user_id)
        return render(page, "new_app.html", totp=show_totp(pending, email))
    if act == "confirm":
        return await _confirm(page)
    if act == "codes":
        codes = await new_codes(database, notices, actor, account_id, user_id)
        return render(page, "recovery_codes.html", codes=codes, target=SECURITY)
    if act == "company":
        return await _connect(page)
    await remove_factor(database, notices, actor, account_id, user_id, page.form.text("factor"))
    return redirect(page, SECURITY, done="factor-removed")


async def _connect(page: PageRequest) -> Response[str]:
    """Lead to the provider of the account, whose answer is then linked to this person."""
    provider = await find_provider_by_account(page.database, page.account_id)
    if provider is None:
        raise Conflict("Your account has no identity provider. An Owner connects one under Account, Single sign-on.")
    browser = linking_browser(bound_browser(page), page.person.id)
    try:
        started = await begin_sign_in(
            page.services.single_sign_on, provider, browser=browser, source=page.context.source, target=SECURITY,
            email=page.person.email,
        )  # fmt: skip
    except SignInRefused as error:
        raise Conflict(error.message) from None
    return render(page, "sso_continue.html", url=started.url, issuer=started.issuer)


async def _confirm(page: PageRequest) -> Response[str]:
    services, account_id, user_id = page.services, page.account_id, page.person.user_id
    try:
        codes = await confirm_totp(
            page.database, services.server_key, services.notices, page.actor, account_id, user_id,
            page.form.text("code"),
        )  # fmt: skip
    except ValidationFailed as error:
        pending = await read_pending_totp(page.database, services.server_key, page.actor, account_id, user_id)
        if pending is None:
            found = await read_factors(page.database, account_id, user_id)
            if any(factor.method == "totp" for factor in found.factors):
                return await _show(page, errors=whole_form(_NO_CODES), status=422)
            return await _show(page, errors=whole_form("The set-up has expired. Begin again."), status=422)
        errors = FormErrors([("code", "The code is incorrect. Enter the one that the app shows now.")])
        totp = show_totp(pending, page.person.email)
        return render(page, "new_app.html", status=error.status, totp=totp, errors=errors)
    if codes is None:
        return redirect(page, SECURITY, done="app-added")
    return render(page, "recovery_codes.html", codes=codes, target=SECURITY)


async def _ask(page: PageRequest, act: str) -> Response[str] | None:
    """What the action does; None if there is nothing to ask."""
    found = await read_factors(page.database, page.account_id, page.person.user_id)
    if act == "codes":
        if not found.recovery_codes_left:
            return None
        effect = f"The {found.recovery_codes_left} codes that you have left stop working now."
        question = Question("Replace your recovery codes?", [effect], "Show new codes", "Keep the codes", SECURITY)
        return ask_confirmation(page, question)
    factor = next((one for one in found.factors if one.id == page.form.text("factor")), None)
    if factor is None:
        raise NotFound
    effects = removal_effects(factor.method, is_only=len(found.factors) == 1)
    return ask_confirmation(
        page, Question(f"Remove “{factor.name}”?", effects, "Remove second factor", "Keep it", SECURITY)
    )


async def _show(page: PageRequest, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    person = (page.account_id, page.person.user_id)
    return render(
        page,
        "security.html",
        status=status,
        found=await read_factors(page.database, *person),
        most=COUNT,
        must_keep=await must_keep_factor(page.database, *person),
        company=await read_company_sign_in(page.database, *person),
        errors=errors,
    )
