"""The message and header fields of a sign-in that failed."""

from linkxg.console.form_errors import retry_headers, too_many_attempts
from linkxg.errors import InvalidCredentials, PublicError


def headers_of(error: PublicError | None) -> dict[str, str]:
    if isinstance(error, InvalidCredentials):
        return {"WWW-Authenticate": 'Bearer realm="linkxg"'}
    return {} if error is None else retry_headers(error)


def message_of(error: PublicError | None) -> str | None:
    if error is None or not error.retry_after:
        return error.description if error else None
    return too_many_attempts(error.retry_after)
