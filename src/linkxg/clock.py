"""The current time, and time formats.

Stored times are integer milliseconds since the Unix epoch; JWT and RFC 7591 times are integer seconds; application
resources use RFC 3339 in UTC with milliseconds.
"""

import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
LATEST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""RFC 3339 has no year above 9999."""


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def now_s() -> int:
    """Seconds since the epoch (the NumericDate of RFC 7519 §2)."""
    return int(time.time())


def rfc3339(at_ms: int) -> str:
    """`2026-11-23T14:33:00.123Z`."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{_to_the_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(4_096)
def _to_the_second(at_s: int) -> str:
    # Cached: log lines and frequently read resources repeat the same times.
    return datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None).isoformat()


def read_rfc3339(text: str) -> int | None:
    """The time in milliseconds, None of any other text. One with an offset may be in the year 0 or 10000 of UTC."""
    try:
        at = msgspec.convert(text, datetime, strict=True)
    except msgspec.ValidationError:
        return None
    return None if at.tzinfo is None else (at - _EPOCH) // _MILLISECOND


def rfc3339_or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)


def seconds_or_none(at_ms: int | None) -> int | None:
    return None if at_ms is None else at_ms // 1000


@lru_cache(1_024)
def time_zone(name: str) -> tzinfo | None:
    """The zone of the IANA database; None if it is unknown here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
