"""`/password-reset` and `/password-reset/{token}`: a link for a new password, and its use.

The sign-in page posts its form to `/sign-in/forgotten-password`, so that the address need not be typed again and is in
no URL. Its other fields are ignored.

The path holds a secret token: the page never sends it as referrer, loads nothing from other origins and is not cached.
Opening a link does not use it, because mail scanners open links too.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.browser_binding import bind_form
from linkxg.console.form_errors import FormErrors, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.link_pages import LINK_ANSWER, LINK_FORM
from linkxg.console.pages import redirect, render
from linkxg.errors import InvalidRequest, NotFound, RateLimitExceeded, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import public
from linkxg.http.rate_budgets import require_budget
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.password_reset.complete_reset import COMPLETIONS, complete_reset, read_reset
from linkxg.identity.password_reset.request_reset import SOURCE_REQUESTS

REQUEST = "/password-reset"
RESET_LINK = f"{REQUEST}/{{token:str}}"
FROM_SIGN_IN = "/sign-in/forgotten-password"
FORMS = Budget("password-reset-forms-source", 60, 60)
"""Openings of the form from the sign-in page: they send nothing."""


@get(REQUEST, **public())
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    return _ask(page)


@post(FROM_SIGN_IN, **public(FORMS))
async def form_for_address(page: NamedDependency[PageRequest]) -> Response[str]:
    return _ask(page)


@post(REQUEST, **public(SOURCE_REQUESTS, refused_by_handler=True))
async def request_link(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[str]:
    try:
        require_budget(request.scope)
        await page.services.reset_mails.request(page.anonymous_actor, page.form.text("email").strip())
    except InvalidRequest as error:
        return _ask(page, FormErrors([("email", "This is not a valid e-mail address.")]), error.status)
    except RateLimitExceeded as error:
        page.context.notes["error"] = error.code
        return _ask(page, wait_for_budget(error), error.status)
    return redirect(page, REQUEST, done="reset-requested")


@get(RESET_LINK, **public())
async def open_link(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    return await _show(page, token)


@post(RESET_LINK, **public(COMPLETIONS))
async def choose(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    try:
        await complete_reset(
            page.database,
            page.services.passwords,
            page.services.notices,
            page.anonymous_actor,
            token=token,
            password=page.form.text("new_password"),
            limit_scale=page.services.limit_scale,
        )
    except ValidationFailed as error:
        return await _show(page, token, error.description)
    except NotFound as error:
        page.context.notes["reason"] = error.reason
        return _ended(page)
    return redirect(page, "/sign-in", done="password-reset")


HANDLERS = (form, form_for_address, request_link, open_link, choose)


def _ask(page: PageRequest, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    bind_form(page)
    return render(
        page,
        "password_reset.html",
        status=status,
        errors=errors,
        email=page.form.text("email"),
        has_mail=page.services.reset_mails.enabled,
    )


async def _show(page: PageRequest, token: str, error: str | None = None) -> Response[str]:
    await page.services.limits.spend(COMPLETIONS, source_key(page.context.source))
    try:
        person = await read_reset(page.database, token)
    except NotFound:
        return _ended(page)
    bind_form(page)
    return render(
        page,
        "new_password.html",
        status=422 if error else 200,
        headers=LINK_FORM,
        person=person,
        minimum=MINIMUM,
        errors=FormErrors([("new_password", error)] if error else []),
    )


def _ended(page: PageRequest) -> Response[str]:
    return render(page, "password_reset_ended.html", status=404, headers=LINK_ANSWER)
