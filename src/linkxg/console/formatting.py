"""Formats times and numbers for people: relative in the text, exact in the `title` of `<time>`.

Absolute times are in the time zone of the person while a page of theirs is rendered (`in_time_zone`), otherwise in UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from markupsafe import Markup

from linkxg.clock import DAY, HOUR, MINUTE, now_ms, time_zone

_zone: ContextVar[tzinfo | None] = ContextVar("zone", default=None)
_STEPS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))


def duration(ms: int) -> str:
    """`3 min`, `5 h`, `12 d`; less than a minute is `moments`."""
    for step, name in _STEPS:
        if ms >= step:
            count = ms // step
            # Less than three days reads better in hours.
            return f"{ms // HOUR} h" if name == "d" and count < 3 else f"{count} {name}"
    return "moments"


def time_left(ms: int) -> str:
    """As `duration`, rounded to the nearest: a week chosen a moment ago is 7 d, not 6."""
    step = next((step for step, _ in _STEPS if ms >= step), MINUTE)
    return duration(ms + min(step, DAY if ms >= 3 * DAY else HOUR) // 2)


def ago(at: int, now: int | None = None) -> str:
    """`3 min ago`, or `in 5 h` for a future time. Times in milliseconds."""
    past = (now_ms() if now is None else now) - at
    if past >= 0:
        return "just now" if past < MINUTE else f"{duration(past)} ago"
    return f"in {time_left(-past)}"


def ago_rfc3339(at: str) -> str:
    """As `ago`, for an RFC 3339 timestamp."""
    return ago(_milliseconds(at))


@contextmanager
def in_time_zone(name: str | None) -> Iterator[None]:
    """Absolute times in this zone of the IANA database; in UTC for None or a zone that is unknown here."""
    token = _zone.set(time_zone(name) if name else None)
    try:
        yield
    finally:
        _zone.reset(token)


def as_utc(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, _zone.get() or UTC)


def exact(at: int) -> str:
    """`23 Nov 2026, 14:33:00 UTC`."""
    local = _local(at)
    return f"{local:%-d %b %Y, %H:%M:%S} {_zone_name(local)}"


def day(at: int) -> str:
    """`23 Nov 2026`."""
    return f"{_local(at):%-d %b %Y}"


def clock(at: int) -> str:
    """`23 Nov, 14:33 UTC`, with the year unless it is the present one."""
    local = _local(at)
    year = "" if local.year == _local(now_ms()).year else f" {local.year}"
    return f"{local:%-d %b}{year}, {local:%H:%M} {_zone_name(local)}"


def _zone_name(local: datetime) -> str:
    """`CET`; many zones of the IANA database have an offset in place of a name."""
    name = f"{local:%Z}"
    return f"UTC{name}" if name.startswith(("+", "-")) else name


def moment(at: int) -> str:
    """`23 Nov 2026, 14:33 UTC`."""
    local = _local(at)
    return f"{local:%-d %b %Y, %H:%M} {_zone_name(local)}"


def _time(at: int, text: str, kind: str) -> Markup:
    # No value comes from outside, so nothing needs to be escaped.
    iso, title = _exact_forms(at // 1000, _zone.get())
    # The script shows the zone of the browser, unless the person has chosen one.
    scripted = f' data-time="{kind}"' if kind == "ago" or _zone.get() is None else ""
    return Markup(f'<time datetime="{iso}" title="{title}"{scripted}>{text}</time>')  # noqa: S704


@lru_cache(4_096)
def _exact_forms(at_s: int, _: tzinfo | None) -> tuple[str, str]:
    """By second and zone."""
    return f"{as_utc(at_s * 1000):%Y-%m-%dT%H:%M:%SZ}", exact(at_s * 1000)


@lru_cache(1_024)
def scope_list(scopes: tuple[str, ...]) -> Markup:
    """Scopes as an HTML list."""
    items = Markup("").join(Markup("<li><code>{}</code></li>").format(scope) for scope in scopes)
    return Markup('<ul class="scopes">{}</ul>').format(items)


def time_ago(at: int | None, never: str = "never") -> Markup | str:
    """A `<time>` in relative words."""
    return never if at is None else _time(at, ago(at), "ago")


def time_day(at: int) -> Markup:
    """A `<time>` as a day."""
    return _time(at, day(at), "day")


def time_clock(at: int) -> Markup:
    """A `<time>` as day and minute: in the person's time zone or, with the script, that of their browser."""
    return _time(at, clock(at), "clock")


def time_moment(at: int) -> Markup:
    """As `time_clock`, with the year."""
    return _time(at, moment(at), "moment")


def time_ago_of(at: str | None, never: str = "never") -> Markup | str:
    """As `time_ago`, for an RFC 3339 timestamp."""
    return never if at is None else time_ago(_milliseconds(at))


def time_day_of(at: str) -> Markup:
    """As `time_day`, for an RFC 3339 timestamp."""
    return time_day(_milliseconds(at))


def time_clock_of(at: str) -> Markup:
    """As `time_clock`, for an RFC 3339 timestamp."""
    return time_clock(_milliseconds(at))


def time_moment_of(at: str) -> Markup:
    """As `time_moment`, for an RFC 3339 timestamp."""
    return time_moment(_milliseconds(at))


def utc_day(at: str) -> Markup:
    """A `<time>` as `23 Nov 2026 (UTC)`, wherever the reader is, for an RFC 3339 timestamp."""
    at_ms = _milliseconds(at)
    iso, title = _exact_forms(at_ms // 1000, _zone.get())
    return Markup(f'<time datetime="{iso}" title="{title}">{as_utc(at_ms):%-d %b %Y} (UTC)</time>')  # noqa: S704


def _milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1_000)


def count(number: int, one: str, many: str = "") -> str:
    """`1 token`, `1,204 tokens`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
