"""The faults of events and documents: as rows of a job, as problems, and as errors of a request."""

from collections.abc import Sequence

from linkxg.errors import Conflict, InvalidRequest
from linkxg.jobs.model import MAX_ROW_FAULTS, JobError, RowError, RowFault
from linkxg.network.epcis.capture.model import CaptureError
from linkxg.network.epcis.documents.model import EventFault

DUPLICATE = RowFault("/eventID", "duplicate_event_id", "Another event with this eventID is stored already.")
_EXCEPTIONS = {
    "duplicate_event_id": ("ResourceAlreadyExistsException", "An event with this eventID exists."),
    "too_many_events": ("CaptureLimitExceededException", "The document is too large."),
    "too_many_rows": ("CaptureLimitExceededException", "The document is too large."),
    "row_too_large": ("CaptureLimitExceededException", "The event is too large."),
    "access_denied": ("SecurityException", "The caller may no longer capture events."),
    "server_error": ("ImplementationException", "A server-side error occurred."),
    "conflict": ("ResourceAlreadyExistsException", "An event with the same eventID was captured meanwhile."),
}
_INVALID = ("ValidationException", "The event is not valid.")


class EventExists(Conflict):
    """409 of a single event, whatever its content."""

    text = "An event with this eventID exists."


def row_faults(faults: Sequence[EventFault]) -> tuple[RowFault, ...]:
    return tuple(RowFault(fault.pointer, fault.code, fault.message) for fault in faults)


def invalid_event(faults: Sequence[EventFault]) -> InvalidRequest:
    """400 with the faults of an event, or of the head of a document."""
    shown = faults[:MAX_ROW_FAULTS]
    details = [{"field": one.pointer, "code": one.code, "message": one.message} for one in shown]
    return InvalidRequest(plain(faults[0].message), details=details)


def plain(message: str) -> str:
    """The message as a description of an error, which has neither quotes nor anything beyond ASCII."""
    text = message.replace('"', "'").replace("\\", "/")
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def event_problem(error: RowError) -> CaptureError:
    exception, title = _EXCEPTIONS.get(error.code, _INVALID)
    return CaptureError(
        type=f"epcisException:{exception}",
        title=title,
        detail=error.message,
        index=error.row - 1,
        event_id=error.key or None,
        pointer=error.field or None,
        code=error.code,
    )


def document_problem(error: JobError) -> CaptureError:
    exception, title = _EXCEPTIONS.get(error.code, ("ValidationException", "The document is not valid."))
    return CaptureError(type=f"epcisException:{exception}", title=title, detail=error.message, code=error.code)
