"""`/account/sessions` and `/account/password`: the signed-in person's sessions and password."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_ms
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import SECURITY_HEADERS, redirect, render
from linkxg.errors import InvalidCredentials, RateLimitExceeded, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.change_password import change_password
from linkxg.identity.sessions.current_password import has_password
from linkxg.identity.sessions.end_sessions import end_own_session, list_sessions
from linkxg.identity.sessions.password_size import is_too_long
from linkxg.identity.sessions.sign_in_notices import mail_password_changed
from linkxg.identity.sessions.throttle import SOURCE_LOGINS


@get("/account/sessions", **session_roles(EVERYONE))
async def sessions(page: NamedDependency[PageRequest]) -> Response[str]:
    found = await list_sessions(page.database, page.account_id, page.person.user_id)
    return render(page, "sessions.html", found=found)


@get("/account/sessions/left", **session_roles(EVERYONE))
async def left(page: NamedDependency[PageRequest]) -> Response[str]:
    """Seconds until this session ends; the request extends it, so pages send it during typing (WCAG 2.2.1)."""
    headers = {**SECURITY_HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(str(page.person.seconds_left(now_ms())), media_type="text/plain", headers=headers)


@post("/account/sessions/{session_id:str}/end", **session_roles(EVERYONE))
async def end(page: NamedDependency[PageRequest], session_id: FromPath[str]) -> Response[str]:
    user_id = page.person.user_id
    await end_own_session(page.database, page.actor, page.account_id, user_id, session_id)
    return redirect(page, "/account/sessions", done="session-ended")


@get("/account/password", **session_roles(EVERYONE))
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    may_change = await page.database.read(has_password, page.account_id, page.person.user_id)
    return render(page, "password.html", minimum=MINIMUM, has_password=may_change)


@post("/account/password", **session_roles(EVERYONE))
async def change(page: NamedDependency[PageRequest]) -> Response[str]:
    current = page.form.text("current_password")
    try:
        await page.services.limits.spend(SOURCE_LOGINS, source_key(page.context.source))
        if is_too_long(current):
            raise InvalidCredentials("The current password is incorrect.")
        await change_password(
            page.database,
            page.services.passwords,
            page.actor,
            account_id=page.account_id,
            user_id=page.person.user_id,
            session_id=page.person.id,
            current=current,
            new=page.form.text("new_password"),
            limit_scale=page.services.limit_scale,
        )
    except (InvalidCredentials, ValidationFailed, RateLimitExceeded) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason}
        wait = f" Wait {error.retry_after} seconds." if error.retry_after else ""
        message = error.description.rstrip() + wait
        # No 401: it would have to carry a challenge, and the person is signed in.
        status = 422 if isinstance(error, InvalidCredentials) else error.status
        field = "new_password" if isinstance(error, ValidationFailed) else "current_password"
        errors = FormErrors([(field, message)])
        return render(page, "password.html", status=status, minimum=MINIMUM, has_password=True, errors=errors)
    mail_password_changed(page.services.notices, page.actor, page.account_id, page.person.user_id)
    return redirect(page, "/account/sessions", done="password")


HANDLERS = (sessions, left, end, form, change)
