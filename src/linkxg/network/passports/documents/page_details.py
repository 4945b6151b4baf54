"""What the page of a passport shows besides its fields: the history of its versions, and the journey of an item."""

from typing import NamedTuple

from linkxg.network.passports.documents.model import LifeStatus


class HistoryEntry(NamedTuple):
    """A version. `changed` are the names of fields that the reader sees; `life_status` only where it changed."""

    version: int
    issued_at: int
    changed: tuple[str, ...]
    life_status: LifeStatus | None


class JourneyPlace(NamedTuple):
    """A place that the reader may know, by its name, its country, or both."""

    name: str | None
    country: str | None


class JourneyStep(NamedTuple):
    """An event. `biz_step` is a word of CBV; `product` and `passport_id` are of what was made, if that is another.

    `is_transformation` if it made something of something else, whatever its step is called.
    """

    at: int
    biz_step: str | None
    place: JourneyPlace | None
    product: str | None = None
    passport_id: str | None = None
    is_transformation: bool = False


class Journey(NamedTuple):
    """The steps in the order of their times; `is_cut` if a limit left some out."""

    steps: tuple[JourneyStep, ...]
    is_cut: bool


class PageDetails(NamedTuple):
    """`history` is newest first. `journey` is None where none is shared; `is_journey_late` if it took too long."""

    history: tuple[HistoryEntry, ...]
    journey: Journey | None = None
    is_journey_late: bool = False
