"""Events from the future: the clock of whoever recorded them is wrong, or their time zone."""

from linkxg.clock import DAY
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent

STRICT = "strict"
"""The mode of a capture job that rejects such events; others only say so wherever the event is shown."""
MAX_SKEW_MS = DAY
_AHEAD = EventFault("/eventTime", "ahead_of_clock", "It is more than 24 hours ahead of the clock of this service.")


def check_skew(event: ParsedEvent, now: int) -> EventFault | None:
    """The fault of an event that is further ahead of `now` than clocks and time zones explain."""
    return _AHEAD if event.event_time > now + MAX_SKEW_MS else None
