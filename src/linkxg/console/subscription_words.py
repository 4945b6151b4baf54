"""Subscriptions in words: their states, and when events are posted."""

from collections.abc import Set

from msgspec import UNSET

from linkxg.network.epcis.documents.urn import EpcFormat
from linkxg.network.epcis.scopes import CHANGE_SCOPE
from linkxg.network.epcis.subscriptions.manage_subscriptions import without_address
from linkxg.network.epcis.subscriptions.model import MAX_ATTEMPTS, Schedule, Subscription

WHEN = {
    "stream": "As soon as they are captured",
    "hourly": "Every hour, together",
    "daily": "Every day, together",
}
DEFAULT_WHEN = "stream"
HOURS = [str(hour) for hour in range(24)]
FORMATS: dict[EpcFormat, str] = {
    "Always_GS1_Digital_Link": "As GS1 Digital Links",
    "Never_Translates": "As they were captured",
}


def format_in_words(one: Subscription) -> str:
    """Every form but that of Digital Links leaves identifiers as they were captured."""
    return FORMATS.get(one.epc_format, FORMATS["Never_Translates"])


def state_in_words(one: Subscription) -> dict[str, str]:
    """For `m.state`."""
    if one.state == "FAILED":
        return {"kind": "bad", "text": "failed"}
    if one.state == "PAUSED":
        return {"kind": "warn", "text": "paused"}
    if one.failed_attempts:
        return {"kind": "warn", "text": f"tried again: attempt {one.failed_attempts} of {MAX_ATTEMPTS} failed"}
    return {"kind": "good", "text": "active"}


def schedule_in_words(one: Subscription) -> str:
    """Such as `every day at 06:00 UTC`; other schedules by their fields."""
    if one.schedule is UNSET:
        return "as soon as captured"
    if one.schedule == Schedule(minute="0"):
        return "every hour"
    minute, hour = one.schedule.minute or "0", one.schedule.hour
    if hour and hour.isdigit() and minute.isdigit() and one.schedule == Schedule(minute=minute, hour=hour):
        return f"every day at {int(hour):02d}:{int(minute):02d} UTC"
    fields = {
        "second": one.schedule.second, "minute": minute if one.schedule.minute else None, "hour": hour,
        "day of month": one.schedule.day_of_month, "month": one.schedule.month,
        "day of week": one.schedule.day_of_week,
    }  # fmt: skip
    return "at " + ", ".join(f"{name} {value}" for name, value in fields.items() if value is not None) + " (UTC)"


def shown_address(one: Subscription, scopes: Set[str]) -> str:
    """The address of the receiver, whole for those who may change subscriptions: it may hold a secret."""
    return (one if CHANGE_SCOPE in scopes else without_address(one)).dest
