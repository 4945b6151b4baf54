"""Times of events: RFC 3339 to milliseconds and back (CBV 2.0 §8.9.1 for the form that is hashed)."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HALF = timedelta(microseconds=500)


class NotATime(ValueError):
    """The text is not a time with a zone, or the date does not exist."""


def read_time(text: str) -> int:
    """Milliseconds since 1970, rounded. Raises NotATime."""
    try:
        found = datetime.fromisoformat(text if text[-1:] != "z" else text.upper())
        return (found - _EPOCH + _HALF) // _MILLISECOND
    except (ValueError, TypeError, OverflowError):
        raise NotATime(text[:40]) from None


def write_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")[:-6] + "Z"
