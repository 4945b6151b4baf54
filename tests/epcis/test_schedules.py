"""Query schedules (EPCIS 2.0 §8.2.5.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkxg.network.epcis.subscriptions.errors import SubscriptionControlsException
from linkxg.network.epcis.subscriptions.model import Schedule
from linkxg.network.epcis.subscriptions.schedule import read_schedule


def next_after(at: str, **fields: str) -> str:
    found = read_schedule(Schedule(**fields)).next_after(int(datetime.fromisoformat(at).timestamp() * 1_000))
    assert found is not None
    return datetime.fromtimestamp(found / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("fields", "at", "expected"),
    [
        ({"hour": "1", "minute": "5"}, "2026-11-28T00:00:00Z", "2026-11-28T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-11-28T01:05:00Z", "2026-11-29T01:05:00"),
        ({"second": "0"}, "2026-11-28T01:05:00.500Z", "2026-11-28T01:06:00"),
        ({"second": "0,20,40"}, "2026-11-28T01:05:00Z", "2026-11-28T01:05:20"),
        ({"minute": "0,[15-17]"}, "2026-11-28T01:16:00Z", "2026-11-28T01:17:00"),
        ({"hour": "6"}, "2026-12-31T07:00:00Z", "2027-01-01T06:00:00"),
        ({"dayOfMonth": "31"}, "2026-11-28T00:00:00Z", "2026-12-31T00:00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2026-11-28T00:00:00Z", "2028-02-29T00:00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2096-03-01T00:00:00Z", "2104-02-29T00:00:00"),
        ({"dayOfWeek": "1"}, "2026-11-28T00:00:00Z", "2026-11-30T00:00:00"),
        ({"dayOfWeek": "[6-7]", "hour": "12"}, "2026-11-28T12:00:00Z", "2026-11-29T12:00:00"),
    ],
)
def test_the_next_time_of_a_schedule(fields: dict[str, str], at: str, expected: str) -> None:
    names = {"dayOfMonth": "day_of_month", "dayOfWeek": "day_of_week"}
    assert next_after(at, **{names.get(name, name): value for name, value in fields.items()}) == expected


_NUMBERS = {"minute": (0, 59), "hour": (0, 23), "day_of_week": (1, 7)}


@given(st.data(), st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001  a strategy takes no zone
@settings(max_examples=200, deadline=None)
def test_the_next_time_is_the_first_minute_that_matches(data: Any, start: datetime) -> None:
    fields = {
        name: data.draw(st.sets(st.integers(first, last), min_size=1, max_size=4))
        for name, (first, last) in _NUMBERS.items()
    }
    schedule = read_schedule(Schedule(**{name: ",".join(map(str, values)) for name, values in fields.items()}))
    at = start.replace(tzinfo=UTC, microsecond=0)
    found = schedule.next_after(int(at.timestamp()) * 1_000)
    assert found is not None
    time = at.replace(second=0) + timedelta(minutes=1)
    while not (
        time.minute in fields["minute"] and time.hour in fields["hour"] and time.isoweekday() in fields["day_of_week"]
    ):
        time += timedelta(minutes=1)
    assert found == int(time.timestamp()) * 1_000


@pytest.mark.parametrize("text", ["", "1,", "[1-", "5-6", "a", "*", "0/30", "[5-1]", "60", "٣", "1" * 150])
def test_a_malformed_field_is_refused(text: str) -> None:
    with pytest.raises(SubscriptionControlsException):
        read_schedule(Schedule(minute=text))
