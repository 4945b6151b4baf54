"""Starts the capture of a document, which is stored as it arrives and then queued."""

from collections.abc import AsyncIterator

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import InvalidRequest, PayloadTooLarge, ValidationFailed
from linkxg.jobs.model import JobRow, OnError
from linkxg.jobs.start_job import new_job, start_job
from linkxg.network.epcis.capture.clock_skew import STRICT
from linkxg.network.epcis.capture.document_check import DocumentHeadCheck
from linkxg.network.epcis.capture.model import MAX_OPEN_CAPTURES, RESOURCE
from linkxg.network.epcis.gs1_headers import CAPTURE_LIMITS

ROUTE = "POST /epcis/capture"
_NOT_TEXT = "The document is not JSON in UTF-8."
_KINDS = ("file_kind", "encoding", "not_text")


async def start_capture(
    database: Database,
    actor: Actor,
    account_id: str,
    parts: AsyncIterator[bytes],
    *,
    on_error: OnError,
    strict: bool = False,
    idempotency_key: str | None = None,
    file_name: str = "",
) -> IdempotentOutcome[JobRow]:
    """The queued job of the document in `parts`, which may be compressed with gzip; `strict` rejects events from the
    future (`clock_skew`).

    Raises InvalidRequest for what is no EPCIS document, PayloadTooLarge with the limits, RateLimitExceeded,
    IdempotencyKeyReused, Conflict, and the errors of `parts`.
    """
    mode = STRICT if strict else ""
    job = new_job(actor, RESOURCE, format="json", mode=mode, on_error=on_error, file_name=file_name)
    try:
        return await start_job(
            database,
            actor,
            account_id,
            job,
            DocumentHeadCheck(),
            parts,
            idempotency_key=idempotency_key,
            route=ROUTE,
            max_open=MAX_OPEN_CAPTURES,
        )
    except PayloadTooLarge as error:
        error.headers |= CAPTURE_LIMITS
        raise
    except ValidationFailed as error:
        details = error.details or []
        is_other = any(one["code"] in _KINDS for one in details)
        raise InvalidRequest(
            _NOT_TEXT if is_other else error.description, details=None if is_other else details
        ) from None
