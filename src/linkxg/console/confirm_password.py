"""Password confirmation before a sensitive action (security bar 101).

Asked before a sensitive act when it was not given within ten minutes (security bar 101). The page carries what was
filled in, so that the act goes on from there; no secret is ever part of such a form.
"""

from collections.abc import Awaitable, Callable

from litestar import Response

from linkxg.console.console_services import Services
from linkxg.console.cookies import SESSION, set_cookie
from linkxg.console.csrf import FIELD
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest, SignInRequired
from linkxg.console.pages import go, page
from linkxg.errors import InvalidCredentials, InvalidToken, RateLimitExceeded
from linkxg.http.client_ip import source_key
from linkxg.identity.sessions.console_session import prove_again
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

PASSWORD = "confirm_password"  # noqa: S105  the name of a field
CANCEL = "confirm_cancel"


async def ask_password(
    parts: Services, visit: PageRequest, act: str, *, back: Callable[[], Awaitable[Response[str]]] | None = None
) -> Response[str] | None:
    """The page that asks, or None when the act may go on. `act` completes «Confirm your password to …».

    `back` makes the page that *Cancel* leads to: the form, filled in with what was posted.
    """
    if visit.form.text(CANCEL):
        return await back() if back else go(visit, visit.path)
    if visit.proved_lately:
        return None
    error = None
    password = visit.form.text(PASSWORD)
    if password:
        try:
            await parts.limits.spend(SOURCE_LOGINS, source_key(visit.context.source))
            if len(password.encode()) > MAX_PASSWORD_BYTES:
                raise InvalidCredentials(reason="password too long")
            cookie = await prove_again(
                parts.database,
                parts.passwords,
                visit.actor,
                visit.person,
                password=password,
                limit_scale=parts.limit_scale,
            )
            visit.cookies.append(set_cookie(SESSION, cookie, secure=parts.secure))
        except InvalidToken:
            raise SignInRequired from None
        except InvalidCredentials as refused:
            visit.context.notes |= {"error": refused.code, "reason": refused.reason}
            error = "The password is incorrect."
        except RateLimitExceeded as refused:
            error = f"Too many attempts. Wait {refused.retry_after} seconds and try again."
        else:
            return None
    carried = [(name, value) for name, value in visit.form.pairs if name not in (FIELD, PASSWORD)]
    errors = FormErrors([(PASSWORD, error)] if error else [])
    return page(visit, "confirm.html", status=403 if error else 200, act=act, carried=carried, errors=errors)
