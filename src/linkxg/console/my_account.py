"""`/account/sessions` and `/account/password`: what a person sees and changes of their own."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.clock import now_ms
from linkxg.console.console_services import Services
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import page_request_of
from linkxg.console.pages import SECURITY_HEADERS, redirect, render
from linkxg.errors import InvalidCredentials, RateLimitExceeded, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.change_password import change_password
from linkxg.identity.sessions.end_sessions import end_own_session, list_sessions
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS


def routes(services: Services) -> list[HTTPRouteHandler]:
    @get("/account/sessions", **session_roles(EVERYONE))
    async def sessions(request: Request[Any, Any, Any]) -> Response[str]:
        page = page_request_of(request)
        found = await list_sessions(services.database, page.account_id, page.person.user_id)
        return render(page, "sessions.html", found=found)

    @get("/account/sessions/left", **session_roles(EVERYONE))
    async def left(request: Request[Any, Any, Any]) -> Response[str]:
        """Seconds until this session ends, of which asking is a use: pages ask while somebody types (WCAG 2.2.1)."""
        headers = {**SECURITY_HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}
        return Response(
            str(page_request_of(request).person.seconds_left(now_ms())), media_type="text/plain", headers=headers
        )

    @post("/account/sessions/{session_id:str}/end", **session_roles(EVERYONE))
    async def end(request: Request[Any, Any, Any], session_id: FromPath[str]) -> Response[str]:
        page = page_request_of(request)
        user_id = page.person.user_id
        await end_own_session(services.database, page.actor, page.account_id, user_id, session_id)
        return redirect(page, "/account/sessions", done="session-ended")

    @get("/account/password", **session_roles(EVERYONE))
    async def form(request: Request[Any, Any, Any]) -> Response[str]:
        return render(page_request_of(request), "password.html", minimum=MINIMUM)

    @post("/account/password", **session_roles(EVERYONE))
    async def change(request: Request[Any, Any, Any]) -> Response[str]:
        page = page_request_of(request)
        current = page.form.text("current_password")
        try:
            await services.limits.spend(SOURCE_LOGINS, source_key(page.context.source))
            if len(current.encode()) > MAX_PASSWORD_BYTES:
                raise InvalidCredentials("The current password is incorrect.")
            await change_password(
                services.database,
                services.passwords,
                page.actor,
                account_id=page.account_id,
                user_id=page.person.user_id,
                session_id=page.person.id,
                current=current,
                new=page.form.text("new_password"),
                limit_scale=services.limit_scale,
            )
        except (InvalidCredentials, ValidationFailed, RateLimitExceeded) as error:
            page.context.notes |= {"error": error.code, "reason": error.reason}
            wait = f" Wait {error.retry_after} seconds." if error.retry_after else ""
            message = error.description.rstrip() + wait
            # No 401: it would have to carry a challenge, and the person is signed in.
            status = 422 if isinstance(error, InvalidCredentials) else error.status
            field = "new_password" if isinstance(error, ValidationFailed) else "current_password"
            return render(page, "password.html", status=status, minimum=MINIMUM, errors=FormErrors([(field, message)]))
        return redirect(page, "/account/sessions", done="password")

    return [sessions, left, end, form, change]
