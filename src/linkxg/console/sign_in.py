"""`/`, `/sign-in` and `/sign-out`."""

import re
import secrets
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from linkxg.console.carried_forms import CARRIED, replay, unseal, use_once
from linkxg.console.cookies import BEFORE_SESSION, SESSION, set_cookie
from linkxg.console.csrf import form_token
from linkxg.console.form_errors import whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest, ended_session_of
from linkxg.console.pages import redirect, render
from linkxg.console.safe_redirect import local_path
from linkxg.errors import InvalidCredentials, InvalidRequest, InvalidToken, PublicError, RateLimitExceeded
from linkxg.http.permissions import public, session_roles
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.console_session import OpenedSession, start_console_session
from linkxg.identity.sessions.end_sessions import logout
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

SIGN_OUT = "/sign-out"
_COOKIE = re.compile(r"[0-9a-f]{32}")


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
    page.ended_session = await ended_session_of(page)
    return sign_in_page(page, target=target)


@post("/sign-in", **public(SOURCE_LOGINS, refused_by_handler=True))
async def sign_in(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    target, email = local_path(page.form.text("next")), page.form.text("email").strip()
    carried = page.form.text(CARRIED)
    try:
        require_budget(request.scope)
        opened = await enter(page, email, page.form.text("password"))
    except (InvalidCredentials, InvalidRequest) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason or error.description}
        shown = InvalidCredentials()
        return sign_in_page(page, target=target, email=email, error=shown, carried=carried)
    except RateLimitExceeded as error:
        page.context.notes["error"] = error.code
        return sign_in_page(page, target=target, email=email, error=error, carried=carried)
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
) -> Response[str]:
    """The form, bound to a random cookie of this browser; `carried` is a form posted after the session ended.

    `message` says what is wrong when it is no error of the API.
    """
    bind_form(page)
    headers = {}
    if isinstance(error, InvalidCredentials):
        headers["WWW-Authenticate"] = 'Bearer realm="linkxg"'
    elif error is not None and error.retry_after is not None:
        headers = {"Retry-After": str(error.retry_after), **error.headers}
    status = error.status if error else 200
    return render(
        page,
        "sign_in.html",
        status=status,
        headers=headers,
        target=target,
        email=email,
        errors=whole_form(message or _message_of(error)),
        carried=carried,
        typed=bool(page.form.pairs) and page.path != "/sign-in",
    )


def bind_form(page: PageRequest) -> None:
    """Bind a form of a public page to this browser, by one cookie for all its windows."""
    if page.session is None:
        page.csrf = form_token(page.services.server_key, bound_browser(page))


def bound_browser(page: PageRequest) -> str:
    """The random cookie of this browser, which it gets if it has none."""
    entry = page.cookie(BEFORE_SESSION)
    if not _COOKIE.fullmatch(entry):
        entry = secrets.token_hex(16)
        page.cookies.append(set_cookie(BEFORE_SESSION, entry, secure=page.services.secure))
    return entry


def _message_of(error: PublicError | None) -> str | None:
    if error is None or not error.retry_after:
        return error.description if error else None
    return f"Too many attempts. Wait {count(error.retry_after, 'second')} and try again."


async def enter(page: PageRequest, email: str, password: str) -> OpenedSession:
    """Start a session, and end the browser's previous one. Raises as `login` does."""
    context = page.context
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidCredentials(reason="password too long")
    actor = page.actor._replace(kind="anonymous", id=None, account_id=None, role=None, session_id=None)
    opened = await start_console_session(
        page.database,
        page.services.passwords,
        actor,
        email=email,
        password=password,
        user_agent=(context.header(b"user-agent") or b"").decode("ascii", "replace"),
        limit_scale=page.services.limit_scale,
    )
    if page.session is not None:
        await end_session(page)
    # The cookie of the sign-in form stays: a second window may still show that form.
    page.cookies = [set_cookie(SESSION, opened.cookie, secure=page.services.secure)]
    context.notes |= {"sub": opened.session.user_id, "sid": opened.session.session_id}
    return opened


async def end_session(page: PageRequest) -> None:
    """End the session.

    The cookie stays, without effect: it names the ended session, so that a form that is still open in another window
    can be carried through sign-in.
    """
    try:
        await logout(page.database, page.actor, page.account_id, page.person.id)
    except InvalidToken:
        # It has already ended.
        page.context.notes["reason"] = "session had ended"
    page.session = None
