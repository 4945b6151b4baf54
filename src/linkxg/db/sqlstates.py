"""What errors of PostgreSQL mean, by their SQLSTATE."""

from sqlalchemy.exc import DBAPIError

# Deadlock and serialization failure.
RETRYABLE = ("40P01", "40001")
CANCELED = "57014"


def is_transient(error: DBAPIError) -> bool:
    """Server-side limits, shutdown, lost primary, deadlock: the same request may succeed later (SQLSTATE classes)."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"08", "40", "53", "57", "58"} or state in {"55P03", "25006", "25P03"}
