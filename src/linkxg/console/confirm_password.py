"""Password confirmation before a sensitive action.

Required unless the password was entered within the last ten minutes. The page carries the fields of the form, so that
the action continues from there; such a form never holds a secret.
"""

from collections.abc import Awaitable, Callable

from litestar import Response

from linkxg.console.cookies import SESSION, set_cookie
from linkxg.console.csrf import FIELD
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest, SignInRequired
from linkxg.console.pages import redirect, render
from linkxg.errors import InvalidCredentials, InvalidToken, RateLimitExceeded
from linkxg.http.client_ip import source_key
from linkxg.identity.sessions.console_session import reauthenticate
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

PASSWORD = "confirm_password"  # noqa: S105  the name of a field
CANCEL = "confirm_cancel"


async def ask_password(
    page: PageRequest, act: str, *, back: Callable[[], Awaitable[Response[str]]] | None = None
) -> Response[str] | None:
    """The password page, or None if the action may proceed. `act` completes "Confirm your password to …".

    `back` builds the page that *Cancel* leads to: the form, filled in with what was posted.
    """
    if page.form.text(CANCEL):
        return await back() if back else redirect(page, page.path)
    if page.recently_authenticated:
        return None
    error = None
    password = page.form.text(PASSWORD)
    if password:
        try:
            await page.services.limits.spend(SOURCE_LOGINS, source_key(page.context.source))
            if len(password.encode()) > MAX_PASSWORD_BYTES:
                raise InvalidCredentials(reason="password too long")
            cookie = await reauthenticate(
                page.database,
                page.services.passwords,
                page.actor,
                page.person,
                password=password,
                limit_scale=page.services.limit_scale,
            )
            page.cookies.append(set_cookie(SESSION, cookie, secure=page.services.secure))
        except InvalidToken:
            raise SignInRequired from None
        except InvalidCredentials as refused:
            page.context.notes |= {"error": refused.code, "reason": refused.reason}
            error = "The password is incorrect."
        except RateLimitExceeded as refused:
            error = f"Too many attempts. Wait {refused.retry_after} seconds and try again."
        else:
            return None
    carried = [(name, value) for name, value in page.form.pairs if name not in (FIELD, PASSWORD)]
    errors = FormErrors([(PASSWORD, error)] if error else [])
    return render(page, "confirm_password.html", status=403 if error else 200, act=act, carried=carried, errors=errors)
