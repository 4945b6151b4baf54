"""Procedures of imports: uploads in parts that survive broken connections, and waiting for the end of a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from linkxg_client.call import CallFlow, Procedure
from linkxg_client.calls import imports as calls
from linkxg_client.calls.imports import EmptyAs, ImportKey, ImportMode, OnError
from linkxg_client.errors import Conflict, ConnectionFailed, ServerError, ServiceUnavailable
from linkxg_client.file_body import FileBody, OnSent
from linkxg_client.models.imports import FileFormat, ImportJob
from linkxg_client.steps import Flow, Sleep

T = TypeVar("T")
PART = 8 * 1024 * 1024
WAIT_S = 20
# A part that arrived nowhere this often in a row will not arrive.
ATTEMPTS = 6
FIRST_PAUSE_S = 0.25
OnProgress = Callable[[ImportJob], None]


def upload(
    file: str | Path,
    *,
    format: FileFormat | None = None,
    mode: ImportMode | None = None,
    key: ImportKey | None = None,
    on_error: OnError | None = None,
    dry_run: bool | None = None,
    publish: bool | None = None,
    empty_as: EmptyAs | None = None,
    idempotency_key: str | None = None,
    part_size: int = PART,
    on_sent: OnSent | None = None,
) -> Procedure[ImportJob]:
    """Send a file of products in parts: when a connection breaks, only the rest is sent again."""
    source = Path(file)
    begin = calls.announce(
        source.stat().st_size, format or calls.format_of(source), mode=mode, key=key, on_error=on_error,
        dry_run=dry_run, publish=publish, empty_as=empty_as, idempotency_key=idempotency_key,
    )  # fmt: skip

    def steps(flow: CallFlow) -> Flow[ImportJob]:
        job = yield from flow(begin)
        return (yield from _send_rest(flow, job.id, source, 0, part_size, on_sent))

    return steps


def resume(
    import_id: str, file: str | Path, *, part_size: int = PART, on_sent: OnSent | None = None
) -> Procedure[ImportJob]:
    """Send the rest of a file whose upload another process has begun, within an hour of its last part."""
    source = Path(file)

    def steps(flow: CallFlow) -> Flow[ImportJob]:
        known = yield from flow(calls.upload_state(import_id))
        if known.length != source.stat().st_size:
            raise ValueError(f"The upload was announced with {known.length} bytes; the file has another size.")
        return (yield from _send_rest(flow, import_id, source, known.offset, part_size, on_sent))

    return steps


def _send_rest(
    flow: CallFlow, import_id: str, source: Path, offset: int, part_size: int, on_sent: OnSent | None
) -> Flow[ImportJob]:
    size, failures = source.stat().st_size, 0
    while offset < size:
        part = FileBody(source, on_sent, offset=offset, length=part_size)
        try:
            reached = yield from flow(calls.send_part(import_id, part, offset))
        except (Conflict, ConnectionFailed, ServerError, ServiceUnavailable):
            # What the service has of this part decides. Its answer waits for a service that comes back.
            reached = (yield from flow(calls.upload_state(import_id))).offset
            failures = failures + 1 if reached == offset else 0
            if failures == ATTEMPTS:
                raise
            if failures:
                yield Sleep(FIRST_PAUSE_S * 2**failures)
        offset = reached
    return (yield from flow(calls.get(import_id)))


def wait(job: ImportJob, on_progress: OnProgress | None = None) -> Procedure[ImportJob]:
    """The job when it has ended. `on_progress` is called with each state on the way."""

    def steps(flow: CallFlow) -> Flow[ImportJob]:
        current = job
        while not current.is_done:
            if on_progress is not None:
                on_progress(current)
            current = yield from flow(calls.get(job.id, wait=WAIT_S if on_progress is None else 1))
        if on_progress is not None:
            on_progress(current)
        return current

    return steps
