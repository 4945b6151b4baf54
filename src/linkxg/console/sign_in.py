"""`/`, `/sign-in`, `/sign-out`: in and out of the console."""

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
from linkxg.console.guard import PageRequest, find_former
from linkxg.console.pages import redirect, render
from linkxg.console.safe_redirect import local_path
from linkxg.errors import InvalidCredentials, InvalidRequest, InvalidToken, PublicError, RateLimitExceeded
from linkxg.http.permissions import public, session_roles
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.console_session import OpenedSession, enter_console
from linkxg.identity.sessions.end_sessions import logout
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

SIGN_OUT = "/sign-out"
_ENTRY = re.compile(r"[0-9a-f]{32}")


@get("/", **public())
async def start(page: NamedDependency[PageRequest]) -> Response[str]:
    """Each to the page that they come for."""
    if page.session is None:
        return redirect(page, "/sign-in")
    return redirect(page, "/account/api-access" if page.administers else "/products")


@get("/sign-in", **public())
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    wanted = local_path(page.query.text("next"))
    if page.session is not None:
        return redirect(page, wanted)
    page.former = await find_former(page)
    return sign_in_page(page, wanted=wanted)


@post("/sign-in", **public(SOURCE_LOGINS, refused_by_handler=True))
async def sign_in(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    wanted, email = local_path(page.form.text("next")), page.form.text("email").strip()
    carried = page.form.text(CARRIED)
    try:
        require_budget(request.scope)
        entered = await enter(page, email, page.form.text("password"))
    except (InvalidCredentials, InvalidRequest) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason or error.description}
        shown = InvalidCredentials()
        return sign_in_page(page, wanted=wanted, email=email, error=shown, carried=carried)
    except RateLimitExceeded as error:
        page.context.notes["error"] = error.code
        return sign_in_page(page, wanted=wanted, email=email, error=error, carried=carried)
    form = unseal(page.services.server_key, carried) if carried else None
    if form is None:
        return redirect(page, wanted)
    if form.user_id != entered.session.user_id:
        return redirect(page, "/account/sessions", done="other-person")
    if not await use_once(page.database, entered.session.account_id, form):
        return redirect(page, wanted if wanted not in ("", "/") else "/account/sessions", done="sent-already")
    answer = await replay(request, page.services.server_key, entered, form, secure=page.services.secure)
    answer.cookies = page.cookies
    return answer


@post(SIGN_OUT, **session_roles(EVERYONE))
async def sign_out(page: NamedDependency[PageRequest]) -> Response[str]:
    await end_session(page)
    left = redirect(page, "/sign-in", done="signed-out")
    # What the browser still keeps of the pages goes too.
    left.headers["Clear-Site-Data"] = '"cache"'
    return left


HANDLERS = (start, form, sign_in, sign_out)


def sign_in_page(
    page: PageRequest,
    *,
    wanted: str,
    email: str = "",
    error: PublicError | None = None,
    carried: str = "",
) -> Response[str]:
    """The form, bound to a random cookie of this browser; `carried` is what was typed before the session ended."""
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
        wanted=wanted,
        email=email,
        errors=whole_form(_message_of(error)),
        carried=carried,
        typed=bool(page.form.pairs) and page.path != "/sign-in",
    )


def bind_form(page: PageRequest) -> None:
    """Bind the form of a page for strangers to this browser, by one cookie for all its windows."""
    if page.session is None:
        entry = page.cookie(BEFORE_SESSION)
        if not _ENTRY.fullmatch(entry):
            entry = secrets.token_hex(16)
            page.cookies.append(set_cookie(BEFORE_SESSION, entry, secure=page.services.secure))
        page.csrf = form_token(page.services.server_key, entry)


def _message_of(error: PublicError | None) -> str | None:
    if error is None or not error.retry_after:
        return error.description if error else None
    return f"Too many attempts. Wait {count(error.retry_after, 'second')} and try again."


async def enter(page: PageRequest, email: str, password: str) -> OpenedSession:
    """Start a session with a cookie of its own; one that the browser had before ends. Raises as `login` does."""
    context = page.context
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidCredentials(reason="password too long")
    actor = page.actor._replace(kind="anonymous", id=None, account_id=None, role=None, session_id=None)
    entered = await enter_console(
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
    page.cookies = [set_cookie(SESSION, entered.cookie, secure=page.services.secure)]
    context.notes |= {"sub": entered.session.user_id, "sid": entered.session.session_id}
    return entered


async def end_session(page: PageRequest) -> None:
    """End the visit's session.

    The cookie stays, and opens nothing any more: it names the former session, so that a form which is still open in
    another window can be carried through sign-in.
    """
    try:
        await logout(page.database, page.actor, page.account_id, page.person.id)
    except InvalidToken:
        # It ended a moment ago by another way, which is what was wanted.
        page.context.notes["reason"] = "session had ended"
    page.session = None
