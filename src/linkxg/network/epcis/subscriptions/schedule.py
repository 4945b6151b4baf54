"""Query schedules (EPCIS 2.0 §8.2.5.3): reads them, and finds the next time that matches. All times are UTC."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from linkxg.clock import SECOND
from linkxg.network.epcis.subscriptions.errors import SubscriptionControlsException
from linkxg.network.epcis.subscriptions.model import Schedule

MIN_GAP_S = 10
"""Between two runs of a schedule."""
_DAYS = 8 * 366 + 1
"""29 February comes again within eight years."""
_ELEMENT = re.compile(r"([0-9]{1,2})|\[([0-9]{1,2})-([0-9]{1,2})\]")
# From the smallest; each with the values that it may have.
_FIELDS = {
    "second": (0, 59), "minute": (0, 59), "hour": (0, 23), "dayOfMonth": (1, 31), "month": (1, 12), "dayOfWeek": (1, 7),
}  # fmt: skip
_Values = tuple[int, ...]


class ReadSchedule(NamedTuple):
    """The values of each field, in order."""

    second: _Values
    minute: _Values
    hour: _Values
    day_of_month: _Values
    month: _Values
    day_of_week: _Values

    def next_after(self, now: int) -> int | None:
        """The next time that matches, in milliseconds; None if there is none in eight years."""
        start = datetime.fromtimestamp(now // SECOND + 1, UTC)
        day = start.replace(hour=0, minute=0, second=0)
        for _ in range(_DAYS):
            if self._is_on(day) and (found := self._in_day(day, start)):
                return int(found.timestamp()) * SECOND
            day += timedelta(days=1)
        return None

    def _is_on(self, day: datetime) -> bool:
        return day.month in self.month and day.day in self.day_of_month and day.isoweekday() in self.day_of_week

    def _in_day(self, day: datetime, start: datetime) -> datetime | None:
        for hour in self.hour:
            if day.replace(hour=hour, minute=59, second=59) < start:
                continue
            for minute in self.minute:
                if day.replace(hour=hour, minute=minute, second=59) < start:
                    continue
                for second in self.second:
                    found = day.replace(hour=hour, minute=minute, second=second)
                    if found >= start:
                        return found
        return None


def read_schedule(given: Schedule) -> ReadSchedule:
    """Raises SubscriptionControlsException."""
    fields = (given.second, given.minute, given.hour, given.day_of_month, given.month, given.day_of_week)
    smallest = next((place for place, text in enumerate(fields) if text is not None), None)
    if smallest is None:
        raise SubscriptionControlsException(
            "The schedule needs at least one of second, minute, hour, dayOfMonth, month and dayOfWeek.",
            "schedule",
        )
    values: list[_Values] = []
    for place, (text, (name, (first, last))) in enumerate(zip(fields, _FIELDS.items(), strict=True)):
        if text is not None:
            values.append(_read(name, text, first, last))
        else:
            values.append((first,) if place < min(smallest, 3) else tuple(range(first, last + 1)))
    read = ReadSchedule(*values)
    # A minute is followed by another one.
    around = (*read.second, read.second[0] + 60)
    if any(later - one < MIN_GAP_S for one, later in pairwise(around)):
        raise SubscriptionControlsException(
            f"The schedule has times that are less than {MIN_GAP_S} seconds apart.", "schedule"
        )
    if read.next_after(0) is None:
        raise SubscriptionControlsException("The schedule never matches a date.", "schedule")
    return read


def _read(name: str, text: str, first: int, last: int) -> _Values:
    found: set[int] = set()
    for element in text.split(","):
        matched = _ELEMENT.fullmatch(element)
        if matched is None:
            raise SubscriptionControlsException(
                f"The field {name} of the schedule must be a number, a range such as [1-5], or a list of them.",
                f"schedule.{name}",
            )
        single, low, high = matched.groups()
        numbers = range(int(single), int(single) + 1) if single else range(int(low), int(high) + 1)
        if not numbers or numbers[0] < first or numbers[-1] > last:
            raise SubscriptionControlsException(
                f"The field {name} of the schedule is from {first} to {last}.", f"schedule.{name}"
            )
        found.update(numbers)
    return tuple(sorted(found))
