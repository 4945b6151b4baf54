"""The events of the journey of an item, as another feature shows them."""

from typing import NamedTuple


class LocatedEvent(NamedTuple):
    """An event, and the identifiers of where it happened and of where its objects are since."""

    id: int
    type: str
    event_time: int
    biz_step: str | None
    read_point: str | None
    biz_location: str | None


class JourneyEvents:
    """`found` are events; `made` has the GTIN of what an event made, if that is another item than the journey is of.

    `reads` are the products of partners whose events were read, by partner; `is_cut` if a limit left something out.
    """

    def __init__(self) -> None:
        self.found: dict[int, LocatedEvent] = {}
        self.made: dict[int, str | None] = {}
        self.reads: dict[str, set[str]] = {}
        self.is_cut = False
