"""`/account/sessions` and `/account/password`: what a person sees and changes of their own."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.clock import now_ms
from linkxg.console.console_services import Services
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import visit_of
from linkxg.console.pages import COMMON, go, page
from linkxg.errors import InvalidCredentials, RateLimitExceeded, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.change_password import change_password
from linkxg.identity.sessions.end_sessions import end_own_session, list_sessions
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS


def routes(parts: Services) -> list[HTTPRouteHandler]:
    @get("/account/sessions", **session_roles(EVERYONE))
    async def sessions(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        found = await list_sessions(parts.database, visit.account_id, visit.person.user_id)
        return page(visit, "sessions.html", found=found)

    @get("/account/sessions/left", **session_roles(EVERYONE))
    async def left(request: Request[Any, Any, Any]) -> Response[str]:
        """Seconds until this session ends, of which asking is a use: pages ask while somebody types (WCAG 2.2.1)."""
        headers = {**COMMON, "Content-Security-Policy": "default-src 'none'; sandbox"}
        return Response(str(visit_of(request).person.seconds_left(now_ms())), media_type="text/plain", headers=headers)

    @post("/account/sessions/{session_id:str}/end", **session_roles(EVERYONE))
    async def end(request: Request[Any, Any, Any], session_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        user_id = visit.person.user_id
        await end_own_session(parts.database, visit.actor, visit.account_id, user_id, session_id)
        return go(visit, "/account/sessions", done="session-ended")

    @get("/account/password", **session_roles(EVERYONE))
    async def form(request: Request[Any, Any, Any]) -> Response[str]:
        return page(visit_of(request), "password.html", minimum=MINIMUM)

    @post("/account/password", **session_roles(EVERYONE))
    async def change(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        current = visit.form.text("current_password")
        try:
            await parts.limits.spend(SOURCE_LOGINS, source_key(visit.context.source))
            if len(current.encode()) > MAX_PASSWORD_BYTES:
                raise InvalidCredentials("The current password is incorrect.")
            await change_password(
                parts.database,
                parts.passwords,
                visit.actor,
                account_id=visit.account_id,
                user_id=visit.person.user_id,
                session_id=visit.person.id,
                current=current,
                new=visit.form.text("new_password"),
                limit_scale=parts.limit_scale,
            )
        except (InvalidCredentials, ValidationFailed, RateLimitExceeded) as error:
            visit.context.notes |= {"error": error.code, "reason": error.reason}
            wait = f" Wait {error.retry_after} seconds." if error.retry_after else ""
            told = error.description.rstrip() + wait
            # No 401: it would have to carry a challenge, and the person is signed in.
            status = 422 if isinstance(error, InvalidCredentials) else error.status
            field = "new_password" if isinstance(error, ValidationFailed) else "current_password"
            return page(visit, "password.html", status=status, minimum=MINIMUM, errors=FormErrors([(field, told)]))
        return go(visit, "/account/sessions", done="password")

    return [sessions, left, end, form, change]
