"""A capture job as EPCIS 2.0 shows it (REST bindings, `CaptureJob`)."""

from typing import Any, ClassVar

import msgspec

from linkxg.http.rate_limits import Budget
from linkxg.jobs.model import OnError
from linkxg.network.epcis.gs1_headers import MAX_EVENTS

RESOURCE = "events"
MAX_OPEN_CAPTURES = 5
"""Of an account; one more request is 429."""
EVENTS = Budget("epcis-events", 3_000, 60)
"""Of events that are sent alone, each of which adds a permanent row to the audit trail."""


class CaptureError(msgspec.Struct, omit_defaults=True):
    """A problem (RFC 9457) of one event, or without `index` of the document; `index` counts the events from 0.

    `pointer` is a JSON pointer into the event.
    """

    type: str
    title: str
    detail: str
    index: int | None = None
    event_id: str | None = msgspec.field(name="eventID", default=None)
    pointer: str | None = None
    code: str | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "type": "epcisException:ValidationException",
        "title": "The event is not valid.",
        "detail": "parentID is required where the action is ADD; only an observation may lack it.",
        "index": 3,
        "eventID": "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab",
        "pointer": "/parentID",
        "code": "required",
    }


class CaptureCounts(msgspec.Struct):
    """The events of the document that have been read, are new, were stored already, and are rejected."""

    processed: int
    captured: int
    unchanged: int
    rejected: int

    EXAMPLE: ClassVar[dict[str, Any]] = {"processed": 4, "captured": 0, "unchanged": 0, "rejected": 1}


class StartedCapture(msgspec.Struct, rename="camel"):
    """A document that will be captured."""

    capture_id: str = msgspec.field(name="captureID")

    EXAMPLE: ClassVar[dict[str, Any]] = {"captureID": "0199b6a4-7c10-7d3e-8f5a-3b1c2d4e5f60"}


class CaptureJob(msgspec.Struct, rename="camel"):
    """The state of a capture job.

    Running and successful: no error so far. Running and not: there are errors. Ended and successful: every event is
    stored. Ended and not: with `rollback` none is stored, with `proceed` those without an error are.
    """

    capture_id: str = msgspec.field(name="captureID")
    created_at: str
    running: bool
    success: bool
    capture_error_behaviour: OnError
    errors: list[CaptureError]
    """The first ones; `counts.rejected` is the number of events that have any."""
    counts: CaptureCounts
    finished_at: str | msgspec.UnsetType = msgspec.UNSET

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "captureID": "0199b6a4-7c10-7d3e-8f5a-3b1c2d4e5f60",
        "createdAt": "2026-11-28T10:15:00.000Z",
        "finishedAt": "2026-11-28T10:15:01.250Z",
        "running": False,
        "success": False,
        "captureErrorBehaviour": "rollback",
    }


TOO_MANY_EVENTS = f"A document has at most {MAX_EVENTS:,} events; send the others in further documents."
