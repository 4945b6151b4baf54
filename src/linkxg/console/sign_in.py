"""`/`, `/sign-in`, `/sign-out`: in and out of the console."""

import re
import secrets
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from linkxg.console.carried_forms import CARRIED, post_again, unseal, use_once
from linkxg.console.console_services import Services
from linkxg.console.cookies import BEFORE_SESSION, SESSION, read_cookie, set_cookie
from linkxg.console.csrf import form_token
from linkxg.console.form_errors import whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest, visit_of
from linkxg.console.pages import go, page
from linkxg.console.safe_redirect import local_path
from linkxg.errors import InvalidCredentials, InvalidRequest, InvalidToken, PublicError, RateLimitExceeded
from linkxg.http.permissions import public, session_roles
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.console_session import OpenedSession, enter_console, find_former_session
from linkxg.identity.sessions.end_sessions import logout
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

SIGN_OUT = "/sign-out"
_ENTRY = re.compile(r"[0-9a-f]{32}")


def routes(parts: Services) -> list[HTTPRouteHandler]:
    @get("/", **public())
    async def start(request: Request[Any, Any, Any]) -> Response[str]:
        """Each to the page that they come for."""
        visit = visit_of(request)
        if visit.session is None:
            return go(visit, "/sign-in")
        return go(visit, "/account/api-access" if visit.administers else "/products")

    @get("/sign-in", **public())
    async def form(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        wanted = local_path(visit.query.text("next"))
        if visit.session is not None:
            return go(visit, wanted)
        cookie = read_cookie(visit.context, SESSION, secure=parts.secure)
        visit.former = await find_former_session(parts.database, cookie) if cookie else None
        return sign_in_page(parts, visit, wanted=wanted)

    @post("/sign-in", **public(SOURCE_LOGINS, refused_by_handler=True))
    async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
        visit = visit_of(request)
        wanted, email = local_path(visit.form.text("next")), visit.form.text("email").strip()
        carried = visit.form.text(CARRIED)
        try:
            require_budget(request.scope)
            entered = await enter(parts, visit, email, visit.form.text("password"))
        except (InvalidCredentials, InvalidRequest) as error:
            visit.context.notes |= {"error": error.code, "reason": error.reason or error.description}
            told = InvalidCredentials()
            return sign_in_page(parts, visit, wanted=wanted, email=email, error=told, carried=carried)
        except RateLimitExceeded as error:
            visit.context.notes["error"] = error.code
            return sign_in_page(parts, visit, wanted=wanted, email=email, error=error, carried=carried)
        form = unseal(parts.server_key, carried) if carried else None
        if form is None:
            return go(visit, wanted)
        if form.user_id != entered.session.user_id:
            return go(visit, "/account/sessions", done="other-person")
        if not await use_once(parts.database, entered.session.account_id, form):
            return go(visit, wanted if wanted not in ("", "/") else "/account/sessions", done="sent-already")
        answer = await post_again(request, parts.server_key, entered, form, secure=parts.secure)
        answer.cookies = visit.cookies
        return answer

    @post(SIGN_OUT, **session_roles(EVERYONE))
    async def sign_out(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        await end_session(parts, visit)
        left = go(visit, "/sign-in", done="signed-out")
        # What the browser still keeps of the pages goes too.
        left.headers["Clear-Site-Data"] = '"cache"'
        return left

    return [start, form, sign_in, sign_out]


def sign_in_page(
    parts: Services,
    visit: PageRequest,
    *,
    wanted: str,
    email: str = "",
    error: PublicError | None = None,
    carried: str = "",
) -> Response[str]:
    """The form, bound to a random cookie of this browser; `carried` is what was typed before the session ended."""
    bind_form(parts, visit)
    headers = {}
    if isinstance(error, InvalidCredentials):
        headers["WWW-Authenticate"] = 'Bearer realm="linkxg"'
    elif error is not None and error.retry_after is not None:
        headers = {"Retry-After": str(error.retry_after), **error.headers}
    status = error.status if error else 200
    return page(
        visit,
        "sign_in.html",
        status=status,
        headers=headers,
        wanted=wanted,
        email=email,
        errors=whole_form(_told(error)),
        carried=carried,
        typed=bool(visit.form.pairs) and visit.path != "/sign-in",
    )


def bind_form(parts: Services, visit: PageRequest) -> None:
    """Bind the form of a page for strangers to this browser, by one cookie for all its windows."""
    if visit.session is None:
        entry = read_cookie(visit.context, BEFORE_SESSION, secure=parts.secure)
        if not _ENTRY.fullmatch(entry):
            entry = secrets.token_hex(16)
            visit.cookies.append(set_cookie(BEFORE_SESSION, entry, secure=parts.secure))
        visit.csrf = form_token(parts.server_key, entry)


def _told(error: PublicError | None) -> str | None:
    if error is None or not error.retry_after:
        return error.description if error else None
    return f"Too many attempts. Wait {count(error.retry_after, 'second')} and try again."


async def enter(parts: Services, visit: PageRequest, email: str, password: str) -> OpenedSession:
    """Start a session with a cookie of its own; one that the browser had before ends. Raises as `login` does."""
    context = visit.context
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidCredentials(reason="password too long")
    actor = visit.actor._replace(kind="anonymous", id=None, account_id=None, role=None, session_id=None)
    entered = await enter_console(
        parts.database,
        parts.passwords,
        actor,
        email=email,
        password=password,
        user_agent=(context.header(b"user-agent") or b"").decode("ascii", "replace"),
        limit_scale=parts.limit_scale,
    )
    if visit.session is not None:
        await end_session(parts, visit)
    # The cookie of the sign-in form stays: a second window may still show that form.
    visit.cookies = [set_cookie(SESSION, entered.cookie, secure=parts.secure)]
    context.notes |= {"sub": entered.session.user_id, "sid": entered.session.session_id}
    return entered


async def end_session(parts: Services, visit: PageRequest) -> None:
    """End the visit's session.

    The cookie stays, and opens nothing any more: it names the former session, so that a form which is still open in
    another window can be carried through sign-in.
    """
    try:
        await logout(parts.database, visit.actor, visit.account_id, visit.person.id)
    except InvalidToken:
        # It ended a moment ago by another way, which is what was wanted.
        visit.context.notes["reason"] = "session had ended"
    visit.session = None
