"""Times of events: RFC 3339 to milliseconds and back (CBV 2.0 §8.9.1 for the form that is hashed)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HALF = timedelta(microseconds=500)
# In UTC and in every zone the year has four digits.
EARLIEST_MS = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // _MILLISECOND
LATEST_MS = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MILLISECOND


class NotATime(ValueError):
    """The text is not a time with a zone, or the date does not exist or is at either end of the years 1 to 9999."""


# A time of an event is checked, hashed and stored, and many events of a document have the same.
_LONGEST = 64
_CACHED = 256


def read_time(text: str) -> int:
    """Milliseconds since 1970, rounded. Raises NotATime."""
    if len(text) > _LONGEST:
        raise NotATime
    return _read(text)


@lru_cache(_CACHED)
def _read(text: str) -> int:
    try:
        found = datetime.fromisoformat(text if text[-1:] != "z" else text.upper())
        milliseconds = (found - _EPOCH + _HALF) // _MILLISECOND
    except (ValueError, TypeError, OverflowError):
        raise NotATime from None
    if not EARLIEST_MS <= milliseconds <= LATEST_MS:
        raise NotATime
    return milliseconds


@lru_cache(_CACHED)
def write_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")[:-6] + "Z"
