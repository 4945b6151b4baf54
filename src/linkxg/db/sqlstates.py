"""What errors of PostgreSQL mean, by their SQLSTATE."""

import asyncpg
from sqlalchemy.exc import DBAPIError

# Deadlock and serialization failure.
_RETRYABLE = ("40P01", "40001")
CANCELED = "57014"
_IDLE_IN_TRANSACTION = "25P03"


def is_transient(error: DBAPIError) -> bool:
    """Server-side limits, shutdown, lost primary, deadlock: the same request may succeed later (SQLSTATE classes)."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"08", "40", "53", "57", "58"} or state in {"55P03", "25006", _IDLE_IN_TRANSACTION}


def is_undone(error: DBAPIError) -> bool:
    """Whether the server has rolled the transaction back, and the same one may succeed at once.

    After a deadlock or a serialization failure; or because this process paused within the transaction for longer than
    the server waits. The driver either sends the next statement and finds the connection closed, or has read by then
    that it ends and refuses to send anything (InternalClientError).
    """
    if getattr(error.orig, "sqlstate", None) in _RETRYABLE:
        return True
    cause: BaseException | None = error.orig if error.connection_invalidated else None
    while cause is not None:
        if isinstance(cause, asyncpg.InternalClientError) or getattr(cause, "sqlstate", None) == _IDLE_IN_TRANSACTION:
            return True
        cause = cause.__cause__
    return False
