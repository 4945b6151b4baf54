"""`/sign-in/sso`: sign-in by the identity provider of the account, without script.

The form is answered with a page that leads on at once, not with a redirect: the policy `form-action 'self'` of the
pages would end a redirect to another site.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.browser_binding import bind_form, bound_browser
from linkxg.console.carried_forms import CARRIED, unseal
from linkxg.console.cookies import BEFORE_SESSION
from linkxg.console.csrf import form_token
from linkxg.console.form_errors import retry_headers, too_many_attempts, whole_form
from linkxg.console.guard import PageRequest, SignInRequired
from linkxg.console.open_session import replace_browser_session
from linkxg.console.pages import redirect, render
from linkxg.console.safe_redirect import local_path
from linkxg.console.sign_in import sign_in_page
from linkxg.console.welcome import WELCOME
from linkxg.errors import InvalidToken, RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.permissions import public
from linkxg.http.rate_budgets import require_budget
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.model import MAX_EMAIL
from linkxg.identity.sessions.console_session import find_console_session
from linkxg.identity.single_sign_on.begin_sign_in import (
    MAX_FORM_KEPT_FOR_SSO,
    KeptForm,
    begin_sign_in,
    find_provider_by_account,
    find_provider_by_email,
)
from linkxg.identity.single_sign_on.finish_sign_in import AuthorizationResponse, SignedOn, finish_sign_in
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused

SSO = "/sign-in/sso"
STARTS = Budget("sso-source", 60, 60)
ANSWERS = Budget("sso-answer-source", 60, 60)
_NOT_HERE = "No company sign-in is set up for this address. Sign in with your password."


@get(SSO, **public())
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    return _form(page, target=local_path(page.query.text("next")))


@post(SSO, **public(STARTS, refused_by_handler=True))
async def begin(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[str]:
    """Lead to the provider of the address's domain; with the field `again`, to that of the person who is signed in."""
    target, email = local_path(page.form.text("next")), page.form.text("email").strip()[:MAX_EMAIL]
    person, carried = page.session if page.form.has("again") else None, page.form.text(CARRIED)
    if person is None and not email:
        return _form(page, target=target, carried=carried)
    try:
        require_budget(request.scope)
    except RateLimitExceeded as error:
        message = too_many_attempts(error.retry_after)
        return _form(
            page,
            target=target,
            email=email,
            message=message,
            carried=carried,
            status=error.status,
            headers=retry_headers(error),
        )
    if person is None:
        provider = await find_provider_by_email(page.database, email)
    else:
        provider, email = await find_provider_by_account(page.database, person.account_id), person.email
    if provider is None:
        return sign_in_page(page, target=target, email=email, message=_NOT_HERE, carried=carried)
    try:
        started = await begin_sign_in(
            page.services.single_sign_on,
            provider,
            browser=bound_browser(page),
            source=page.context.source,
            target=target,
            email=email,
            reauthenticates=person is not None,
            form=_kept(page, carried),
        )
    except (SignInRefused, TemporarilyUnavailable) as error:
        return _refused(page, error, target=target, email=email, carried=carried)
    return render(page, "sso_continue.html", url=started.url, issuer=started.issuer)


@get(f"{SSO}/{{account_id:str}}/callback", **public(ANSWERS))
async def finish(page: NamedDependency[PageRequest], account_id: FromPath[str]) -> Response[str]:
    """The provider sends the browser here."""
    query = page.query
    is_repeated = len({name for name, _ in query.pairs}) < len(query.pairs)
    response = AuthorizationResponse(
        state="" if is_repeated else query.text("state"),
        code=query.text("code"),
        issuer=query.text("iss"),
        error=query.text("error"),
    )
    try:
        signed_on = await finish_sign_in(
            page.services.single_sign_on,
            page.anonymous_actor,
            account_id=account_id,
            browser=page.cookie(BEFORE_SESSION),
            response=response,
            user_agent=page.context.user_agent,
            person=page.actor if page.session is not None else None,
        )
    except InvalidToken:
        raise SignInRequired from None
    except (SignInRefused, TemporarilyUnavailable) as error:
        carried = error.carried if isinstance(error, SignInRefused) else ""
        return _refused(page, error, target="/", carried=carried)
    if signed_on.opened is None:
        return redirect(page, signed_on.target, done="sso-linked")
    await replace_browser_session(page, signed_on.opened)
    if signed_on.carried:
        return await _ask_to_continue(page, signed_on)
    return redirect(page, WELCOME if signed_on.is_new and signed_on.target == "/" else signed_on.target)


HANDLERS = (form, begin, finish)


async def _ask_to_continue(page: PageRequest, signed_on: SignedOn) -> Response[str]:
    """A page with the form that was kept: the provider's redirect comes from another site, and must change nothing."""
    services, opened = page.services, signed_on.opened
    page.session = await find_console_session(page.database, opened.cookie) if opened else None
    if page.session is None:
        raise SignInRequired
    page.csrf = form_token(services.server_key, page.session.id)
    return render(page, "sso_carried.html", target=signed_on.target, carried=signed_on.carried)


def _kept(page: PageRequest, carried: str) -> KeptForm | None:
    """The form, if it was sealed here and is not too long."""
    found = unseal(page.services.server_key, carried) if 0 < len(carried) <= MAX_FORM_KEPT_FOR_SSO else None
    return None if found is None else KeptForm(carried, found.user_id)


def _form(
    page: PageRequest,
    *,
    target: str,
    email: str = "",
    message: str | None = None,
    carried: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    bind_form(page)
    errors = whole_form(message)
    return render(
        page, "sso.html", status=status, headers=headers, target=target, email=email, carried=carried, errors=errors
    )


def _refused(
    page: PageRequest,
    error: SignInRefused | TemporarilyUnavailable,
    *,
    target: str,
    email: str = "",
    carried: str = "",
) -> Response[str]:
    """The form again, with what went wrong."""
    if isinstance(error, SignInRefused):
        page.context.notes |= {"error": "sign_in_refused", "reason": error.message}
        return _form(page, target=target, email=email, message=error.message, carried=carried, status=403)
    page.context.notes |= {"error": error.code, "reason": error.reason}
    return _form(
        page, target=target, email=email, message=error.description, carried=carried, status=error.status,
        headers=retry_headers(error),
    )  # fmt: skip
