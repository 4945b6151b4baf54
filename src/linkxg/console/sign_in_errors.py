"""The message and header fields of a sign-in that failed."""

from linkxg.console.form_errors import too_many_attempts
from linkxg.errors import InvalidCredentials, PublicError


def headers_of(error: PublicError | None) -> dict[str, str]:
    if isinstance(error, InvalidCredentials):
        return {"WWW-Authenticate": 'Bearer realm="linkxg"'}
    if error is not None and error.retry_after is not None:
        return {"Retry-After": str(error.retry_after), **error.headers}
    return {}


def message_of(error: PublicError | None) -> str | None:
    if error is None or not error.retry_after:
        return error.description if error else None
    return too_many_attempts(error.retry_after)
