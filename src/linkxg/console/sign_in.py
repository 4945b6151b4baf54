"""`/`, `/sign-in` and `/sign-out`."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from linkxg.console.browser_binding import bind_form
from linkxg.console.carried_forms import CARRIED, replay, unseal, use_once
from linkxg.console.cookies import EXPLAINED_SESSION, set_cookie
from linkxg.console.form_errors import whole_form
from linkxg.console.guard import PageRequest, ended_session_of
from linkxg.console.open_session import end_session, sign_in_with_passkey, sign_in_with_password
from linkxg.console.pages import redirect, render
from linkxg.console.passkey_field import CREDENTIAL
from linkxg.console.safe_redirect import local_path
from linkxg.console.second_step_pages import second_step_page
from linkxg.console.sign_in_errors import headers_of, message_of
from linkxg.errors import InvalidCredentials, InvalidRequest, MfaRequired, PublicError, RateLimitExceeded
from linkxg.http.permissions import public, session_roles
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED
from linkxg.identity.sessions.console_session import OpenedSession
from linkxg.identity.sessions.model import EndedSession
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

SIGN_OUT = "/sign-out"


@get("/", **public())
async def start(page: NamedDependency[PageRequest]) -> Response[str]:
    """Redirect to the start page of the role."""
    if page.session is None:
        return redirect(page, "/sign-in")
    return redirect(page, "/account/api-access" if page.administers else "/products")


@get("/sign-in", **public())
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    target = local_path(page.query.text("next"))
    if page.session is not None:
        return redirect(page, target)
    ended = await ended_session_of(page)
    return sign_in_page(
        page, target=target, ended=None if ended and ended.id == page.cookie(EXPLAINED_SESSION) else ended
    )


@post("/sign-in", **public(SOURCE_LOGINS, refused_by_handler=True))
async def sign_in(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    target, email = local_path(page.form.text("next")), page.form.text("email").strip()
    carried, credential = page.form.text(CARRIED), page.form.text(CREDENTIAL)
    try:
        require_budget(request.scope)
        if credential:
            opened = await sign_in_with_passkey(page, credential)
        else:
            opened = await sign_in_with_password(page, email, page.form.text("password"))
    except MfaRequired as needed:
        return await second_step_page(page, needed, target=target, email=email, carried=carried)
    except (InvalidCredentials, InvalidRequest) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason or error.description}
        shown = InvalidCredentials(PASSKEY_REFUSED if credential else None)
        return sign_in_page(page, target=target, email=email, error=shown, carried=carried)
    except RateLimitExceeded as error:
        page.context.notes["error"] = error.code
        return sign_in_page(page, target=target, email=email, error=error, carried=carried)
    return await resume_after_sign_in(request, page, opened, target=target, carried=carried)


async def resume_after_sign_in(
    request: Request[Any, Any, Any], page: PageRequest, opened: OpenedSession, *, target: str, carried: str
) -> Response[Any]:
    """The answer to a sign-in: the page that was asked for, or the form that was carried through it."""
    form = unseal(page.services.server_key, carried) if carried else None
    if form is None:
        return redirect(page, target)
    if form.user_id != opened.session.user_id:
        return redirect(page, "/account/sessions", done="other-person")
    if not await use_once(page.database, opened.session.account_id, form):
        return redirect(page, target if target not in ("", "/") else "/account/sessions", done="sent-already")
    response = await replay(request, page.services.server_key, opened, form, secure=page.services.secure)
    response.cookies = page.cookies
    return response


@post(SIGN_OUT, **session_roles(EVERYONE))
async def sign_out(page: NamedDependency[PageRequest]) -> Response[str]:
    await end_session(page)
    response = redirect(page, "/sign-in", done="signed-out")
    # The browser drops its copies of pages.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


HANDLERS = (start, form, sign_in, sign_out)


def sign_in_page(
    page: PageRequest,
    *,
    target: str,
    email: str = "",
    error: PublicError | None = None,
    message: str | None = None,
    carried: str = "",
    ended: EndedSession | None = None,
) -> Response[str]:
    """The form, bound to a random cookie of this browser; `carried` is a form posted after the session ended.

    `message` says what is wrong when it is no error of the API. `ended` is the session whose end has led here.
    """
    bind_form(page)
    if ended is not None:
        page.cookies.append(set_cookie(EXPLAINED_SESSION, ended.id, secure=page.services.secure))
    return render(
        page,
        "sign_in.html",
        status=error.status if error else 200,
        headers=headers_of(error),
        target=target,
        email=email,
        errors=whole_form(message or message_of(error)),
        offers_passkeys=page.services.relying_party.is_supported,
        carried=carried,
        ended=ended,
        typed=bool(page.form.pairs) and page.path != "/sign-in",
    )
