"""A day on which something expires, as a form has it: at its end, in UTC."""

from datetime import UTC, date, datetime, time

import msgspec

from linkxg.clock import now_ms
from linkxg.errors import InvalidRequest

NOT_A_DAY = "Enter a day such as 2027-06-30."
PAST = "Choose a day in the future."


def expiry_fault(text: str) -> str:
    """What is wrong with the day; empty if nothing is."""
    try:
        end = end_of_day(text)
    except InvalidRequest:
        return NOT_A_DAY
    return PAST if end is not None and end * 1_000 <= now_ms() else ""


def end_of_day(text: str) -> int | None:
    """The last second of that day in UTC; None for an empty field. Raises InvalidRequest."""
    if not text:
        return None
    try:
        day = msgspec.convert(text, date, strict=True)
    except msgspec.ValidationError:
        raise InvalidRequest("The field expires_at must be a day such as 2027-06-30.") from None
    return int(datetime.combine(day, time(23, 59, 59), UTC).timestamp())
