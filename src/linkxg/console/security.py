"""`/account/security`: the signed-in person's second factors and recovery codes."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.console.browser_binding import bound_browser
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.factor_budget import spend_factor_change
from linkxg.console.factor_removal import remove_with_confirmation
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import download, redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, InvalidRequest, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.change_factors import (
    begin_totp,
    confirm_totp,
    must_keep_factor,
    new_codes,
    read_factors,
    read_pending_totp,
)
from linkxg.identity.factors.model import TOTP
from linkxg.identity.factors.recovery_codes import COUNT, is_recovery_code
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.sessions.current_password import has_password
from linkxg.identity.single_sign_on.begin_sign_in import begin_sign_in, find_provider_by_account, linking_browser
from linkxg.identity.single_sign_on.company_sign_in import read_company_sign_in
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused

SECURITY = "/account/security"
_NO_SETUP = (
    "No set-up is in progress. If you have just confirmed an app, it is set up: its recovery codes were shown once, "
    "and you can make new ones below."
)


@get(SECURITY, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(SECURITY, **session_roles(EVERYONE))
async def change(page: NamedDependency[PageRequest]) -> Response[str]:
    name = page.form.text("act")
    if name == "remove":
        return await remove_with_confirmation(page, page.form.text("factor"), _show, target=SECURITY)
    act = _ACTS.get(name)
    if act is None:
        raise InvalidRequest("Choose an action.")
    if name == "codes" and not confirmed(page):
        left = (await read_factors(page.database, page.account_id, page.person.user_id)).recovery_codes_left
        if left:
            return _ask_to_replace(page, left)
    asking = await ask_step_up(page, act.title, back=lambda: _show(page))
    if asking is not None:
        return asking
    try:
        await spend_factor_change(page)
        return await act.run(page)
    except RateLimitExceeded as error:
        return await _show(page, errors=wait_for_budget(error), status=error.status)
    except Conflict as error:
        return await _show(page, errors=whole_form(error.description), status=error.status)


@post(f"{SECURITY}/codes", **session_roles(EVERYONE))
async def save_codes(page: NamedDependency[PageRequest]) -> Response[str]:
    """The recovery codes of the page that shows them, as a file."""
    codes = page.form.all("code")
    if not 0 < len(codes) <= COUNT or not all(map(is_recovery_code, codes)):
        raise InvalidRequest("Save the codes from the page that shows them.")
    text = f"Recovery codes of {page.person.email}, LinkXG. Each works once.\r\n\r\n" + "\r\n".join(codes) + "\r\n"
    return download(page, text, "text/plain; charset=utf-8", "linkxg-recovery-codes.txt")


HANDLERS = (show, change, save_codes)


async def _begin(page: PageRequest) -> Response[str]:
    pending, email = await begin_totp(
        page.database, page.services.server_key, page.actor, page.account_id, page.person.user_id
    )
    return render(page, "new_app.html", totp=show_totp(pending, email))


async def _replace_codes(page: PageRequest) -> Response[str]:
    codes = await new_codes(page.database, page.services.notices, page.actor, page.account_id, page.person.user_id)
    return render(page, "recovery_codes.html", codes=codes, target=SECURITY)


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
            if any(factor.method == TOTP for factor in found.factors):
                return await _show(page, errors=whole_form(_NO_SETUP), status=422)
            return await _show(page, errors=whole_form("The set-up has expired. Begin again."), status=422)
        errors = FormErrors([("code", "The code is incorrect. Enter the one that the app shows now.")])
        totp = show_totp(pending, page.person.email)
        return render(page, "new_app.html", status=error.status, totp=totp, errors=errors)
    if codes is None:
        return redirect(page, SECURITY, done="app-added")
    return render(page, "recovery_codes.html", codes=codes, target=SECURITY)


class _Act(NamedTuple):
    """An action of the page; `title` completes "Confirm it is you — …"."""

    title: str
    run: Callable[[PageRequest], Awaitable[Response[str]]]


_ACTS = {
    "app": _Act("set up an authenticator app", _begin),
    "confirm": _Act("set up the authenticator app", _confirm),
    "codes": _Act("replace your recovery codes", _replace_codes),
    "company": _Act("connect your company sign-in", _connect),
}


def _ask_to_replace(page: PageRequest, left: int) -> Response[str]:
    effect = f"The {left} codes that you have left stop working now."
    return ask_confirmation(
        page, Question("Replace your recovery codes?", [effect], "Show new codes", "Keep the codes", SECURITY)
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
        has_password=await page.database.read(has_password, *person),
        errors=errors,
    )
