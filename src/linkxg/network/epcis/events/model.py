"""The key of an event, and what became of one that was to be inserted."""

from typing import Literal, NamedTuple

from linkxg.clock import MINUTE

EventKey = tuple[str, str]
"""The event's id and the time of its error declaration."""
Status = Literal["CREATED", "UNCHANGED", "CONFLICT"]


AHEAD_MS = MINUTE
"""What clocks may differ by."""


def is_ahead(event_time: int, record_time: int) -> bool:
    """Whether the event was recorded before it is said to have happened: a clock or a time zone is wrong."""
    return event_time > record_time + AHEAD_MS


class StoredEvent(NamedTuple):
    """What tells a repeated event from another one with the same key."""

    id: int
    content_hash: bytes


class Inserted(NamedTuple):
    """What became of an event; `id` is that of the stored event with its key.

    UNCHANGED: it was stored already. CONFLICT: another event has its id and declaration time.
    """

    status: Status
    id: int
