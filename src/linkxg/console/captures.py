"""`/events/captures`: uploads EPCIS documents, and shows the progress of their capture and the faults of events."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from linkxg.clock import now_ms
from linkxg.console.document_kind import NotADocument, WatchedDocument
from linkxg.console.event_fault_hints import hint_of
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render, stream
from linkxg.errors import InvalidRequest, PayloadTooLarge, RateLimitExceeded, ValidationFailed
from linkxg.http.csv_table import format_rows
from linkxg.http.permissions import session_roles
from linkxg.ids import is_uuid
from linkxg.jobs.model import MAX_ERRORS, MAX_UPLOAD, OPEN, JobError, JobRow, RowError
from linkxg.jobs.read_job import list_jobs, list_row_errors, read_job
from linkxg.network.epcis.capture.faults import event_problem
from linkxg.network.epcis.capture.model import RESOURCE
from linkxg.network.epcis.capture.start_capture import start_capture

LIST = "/events/captures"
CAPTURE = f"{LIST}/{{capture_id:str}}"
WRITERS = ("OWNER", "ADMIN", "MEMBER")
SHOWN_JOBS, SHOWN_FAULTS = 25, 50
ON_ERROR = ("rollback", "proceed")
COLUMNS = ("number", "line", "eventID", "pointer", "code", "what_is_wrong", "how_to_mend")
_CHUNK = 500
_RATED = 1_000
"""Events of a capture whose speed says something."""
_FORM_BYTES = 64 * 1024
_TOO_LARGE = "The document is larger than 100 MB. Divide it: each part is a document of its own with the same @context."


@get(LIST, **session_roles(WRITERS))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _list(page)


@post(LIST, upload=MAX_UPLOAD + _FORM_BYTES, **session_roles(WRITERS))
async def start(page: NamedDependency[PageRequest]) -> Response[str]:
    assert page.upload is not None
    on_error = page.form.text("onError") or ON_ERROR[0]
    if on_error not in ON_ERROR:
        return await _list(page, faults=[("onError", "Choose one of the two.")], status=422)
    watched = WatchedDocument(page.upload.content())
    try:
        started = await start_capture(
            page.database, page.actor, page.account_id, watched.parts(),
            on_error="proceed" if on_error == "proceed" else "rollback", file_name=page.upload.file_name,
        )  # fmt: skip
    except NotADocument as error:
        return await _list(page, faults=[("file", str(error))], status=422)
    except (InvalidRequest, ValidationFailed) as error:
        return await _list(page, faults=[("file", _reason(error, watched))], status=422)
    except PayloadTooLarge:
        return await _list(page, faults=[("file", _TOO_LARGE)], status=413)
    except RateLimitExceeded as error:
        return await _list(page, faults=[("file", error.description)], status=error.status)
    page.services.wake_imports()
    return redirect(page, f"{LIST}/{started.value.id}")


@get(CAPTURE, **session_roles(WRITERS))
async def show(page: NamedDependency[PageRequest], capture_id: FromPath[str]) -> Response[str]:
    job = await read_job(page.database, page.account_id, capture_id, RESOURCE)
    errors, following = await list_row_errors(
        page.database, page.account_id, capture_id, RESOURCE, after=None, limit=SHOWN_FAULTS
    )
    return render(
        page,
        "capture.html",
        job=_job_values(job),
        faults=[_fault_values(one) for one in errors],
        more=following is not None,
        is_open=job.status in OPEN,
        chosen={"onError": job.on_error}.get,
    )


@get(f"{CAPTURE}/faults", **session_roles(WRITERS))
async def faults(page: NamedDependency[PageRequest], capture_id: FromPath[str]) -> Stream:
    job = await read_job(page.database, page.account_id, capture_id, RESOURCE)
    return stream(page, _csv(page, job), "text/csv", "faults.csv")


HANDLERS = (listing, start, show, faults)


def _reason(error: InvalidRequest | ValidationFailed, watched: WatchedDocument) -> str:
    """Where the JSON is broken, if it is; otherwise what is wrong with the document."""
    if syntax := watched.syntax_error():
        return syntax
    details = error.details or []
    return str(details[0]["message"]) if details else error.description


async def _list(page: PageRequest, *, faults: list[tuple[str, str]] | None = None, status: int = 200) -> Response[str]:
    before = page.query.text("before") if is_uuid(page.query.text("before")) else None
    after = None if before is None else [before]
    found, following = await list_jobs(page.database, page.account_id, RESOURCE, after=after, limit=SHOWN_JOBS)
    return render(
        page,
        "captures.html",
        status=status,
        found=[_job_values(job) for job in found],
        begun=before is not None,
        older=following[0] if following else None,
        errors=FormErrors(faults or []),
        # After sign-in, the address holds what was chosen before.
        chosen=(page.form if page.form.pairs else page.query).text,
    )


_STATES = {
    "UPLOADING": ("idle", "uploading"),
    "QUEUED": ("idle", "waiting"),
    "RUNNING": ("good", "running"),
    "COMPLETED": ("good", "all events stored"),
    "COMPLETED_WITH_ERRORS": ("warn", "stored, except the events with a fault"),
    "FAILED": ("bad", "failed"),
    "CANCELLED": ("idle", "cancelled"),
}


def _job_values(job: JobRow) -> dict[str, Any]:
    """A capture as the templates show it."""
    kind, text = _STATES[job.status]
    error = None if job.error is None else msgspec.json.decode(job.error, type=JobError)
    if job.status == "FAILED" and job.on_error == "rollback":
        text = "nothing stored"
    seconds = ((job.finished_at or now_ms()) - job.started_at) / 1_000 if job.started_at else 0
    return {
        "id": job.id,
        "name": job.file_name or "Document of a client",
        "state": {"kind": kind, "text": text},
        "percent": round(100 * job.bytes_processed / job.bytes_total) if job.bytes_total else 0,
        "on_error": job.on_error,
        "processed": job.rows_processed,
        "stored": job.created if job.is_written else 0,
        "is_written": job.is_written,
        "unchanged": job.unchanged,
        "failed": job.failed,
        "per_second": round(job.rows_processed / seconds) if seconds and job.rows_processed >= _RATED else None,
        # That nothing is stored, the state says.
        "error": None if error is None or error.code == "rolled_back" else error.message,
        "created_at": job.created_at,
        "takes_corrected_file": job.status not in OPEN and (job.failed > 0 or error is not None),
    }


def _fault_values(error: RowError) -> dict[str, Any]:
    return {
        "number": error.row,
        "line": error.line,
        "event_id": error.key,
        "pointer": error.field,
        "message": error.message,
        "hint": hint_of(event_problem(error)),
    }


async def _csv(page: PageRequest, job: JobRow) -> AsyncIterator[str]:
    """The faults of all rejected events that are kept."""
    # With the byte order mark, spreadsheets read the file as UTF-8.
    yield "\ufeff" + ",".join(COLUMNS) + "\r\n"
    after: list[Any] | None = None
    for _ in range(MAX_ERRORS // _CHUNK + 1):
        found, after = await list_row_errors(
            page.database, page.account_id, job.id, RESOURCE, after=after, limit=_CHUNK
        )
        yield format_rows(
            (one.row, one.line, one.key, one.field, one.code, one.message, hint_of(event_problem(one))) for one in found
        )
        if after is None:
            return
