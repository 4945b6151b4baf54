"""The job kind `events`: captures the events of an EPCIS document."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.jobs.chunks import RowSource
from linkxg.jobs.handler import Pace
from linkxg.jobs.lease import JobLease
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import JobRow, RowFault, RowResult
from linkxg.jobs.row_crash import SERVER_FAULT, row_crash
from linkxg.jobs.side_process import SideProcess
from linkxg.network.epcis.capture.clock_skew import STRICT, check_skew
from linkxg.network.epcis.capture.document_check import DocumentHeadCheck
from linkxg.network.epcis.capture.faults import DUPLICATE, row_faults
from linkxg.network.epcis.capture.model import RESOURCE, TOO_MANY_EVENTS
from linkxg.network.epcis.capture.parse_in_side_process import parse_in_side_process, serve_parse_request
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.documents.read_document import EventTexts
from linkxg.network.epcis.events.insert_events import insert_events, key_of
from linkxg.network.epcis.events.model import EventKey, StoredEvent
from linkxg.network.epcis.events.write_store import find_events
from linkxg.network.epcis.gs1_headers import MAX_EVENTS

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[ParsedEvent]).decode


# An event is twenty rows in tables and indexes: a batch as short as that of products would cost more in commits than in
# rows. Meanwhile SQLite's other writers wait, and its readers do not.
_PACES = {"sqlite": Pace(1_000, 2_000, 0.3), "postgresql": Pace(1_000, 2_000, 0.5)}


class ReadEvent(NamedTuple):
    """An event of a document, or its faults; `key` is its eventID as far as it is known."""

    key: str
    event: ParsedEvent | None
    faults: tuple[RowFault, ...] = ()


class Unchanged(NamedTuple):
    """The plan of an event that is stored already."""


UNCHANGED = Unchanged()
Plan = ParsedEvent | Unchanged | tuple[RowFault, ...]


class EventCapture:
    """The kind of job for EPCIS documents (`jobs.handler.JobKind`)."""

    resource = RESOURCE
    paces = _PACES
    parses_in_side_process = True

    def __init__(self) -> None:
        self._parser: SideProcess | None = None

    def prepare(self) -> None:
        self._parser = SideProcess(serve_parse_request)

    def head_check(self, job: JobRow) -> DocumentHeadCheck:
        return DocumentHeadCheck()

    def open(self, job: JobRow, lease: JobLease, head: bytes) -> "EventRows":
        return EventRows(job, lease, self._parser)


class EventRows:
    """The events of one document (`jobs.handler.RowHandler`)."""

    def __init__(self, job: JobRow, lease: JobLease, parser: SideProcess | None = None) -> None:
        self._lease, self._parser = lease, parser
        self._looks_up = job.on_error == "rollback"
        self._is_strict = job.mode == STRICT
        self._texts = EventTexts(iter(()))
        # Of `onError=rollback`, whose first pass writes nothing that would show a repetition in the document.
        self._seen: dict[EventKey, bytes] = {}

    def open_rows(self, blocks: Iterator[bytes]) -> RowSource:
        self._texts = EventTexts(blocks)
        return _Limited(self._texts)

    def parse(self, values: Sequence[Any]) -> list[ReadEvent]:
        if self._parser is None:
            return [self._read(value) for value in values]
        found = parse_in_side_process(self._parser, self._texts.contexts, values)
        return [
            self._read(text) if one is None else self._as_read(text, one)
            for text, one in zip(values, found, strict=True)
        ]

    def look_up(self, conn: Connection, parsed: Sequence[ReadEvent]) -> dict[EventKey, StoredEvent]:
        """The stored events with the ids of these; nothing where writing finds them by itself."""
        if not self._looks_up:
            return {}
        return find_events(conn, self._lease.account_id, [one.event.event_id for one in parsed if one.event])

    def plan(self, parsed: Sequence[ReadEvent], stored: dict[EventKey, StoredEvent]) -> list[Plan]:
        return [one.faults if one.event is None else self._plan(one.event, stored) for one in parsed]

    def check(self, conn: Connection, plans: list[Plan]) -> None:
        """Conflicts have been found in `plan`."""

    def write(self, conn: Connection, parsed: Sequence[ReadEvent], plans: list[Plan]) -> None:
        places = [place for place, plan in enumerate(plans) if isinstance(plan, ParsedEvent)]
        for place, status in zip(places, self._insert(conn, [plans[place] for place in places]), strict=True):
            if status == "UNCHANGED":
                plans[place] = UNCHANGED
            elif status == "CONFLICT":
                plans[place] = (DUPLICATE,)

    def results(self, numbers: Sequence[int], plans: Sequence[Plan]) -> list[RowResult]:
        return [_result(number, plan) for number, plan in zip(numbers, plans, strict=True)]

    def encode(self, plans: Sequence[Plan]) -> bytes:
        return _encode([plan for plan in plans if isinstance(plan, ParsedEvent)])

    def write_encoded(self, conn: Connection, encoded: bytes) -> bool:
        return "CONFLICT" not in self._insert(conn, _decode(encoded))

    def finish_encoded(self, conn: Connection, encoded: bytes) -> None:
        """Nothing: the lock of the account's events is held from the first id on."""

    def _read(self, text: str) -> ReadEvent:
        try:
            found = parse_event(text, self._texts.contexts)
        except Exception as fault:  # noqa: BLE001  the fault of one event must not end the job
            row_crash(fault, self._lease.job_id)
            return ReadEvent("", None, SERVER_FAULT)
        return self._as_read(text, found)

    def _as_read(self, text: str, found: ParsedEvent | tuple[EventFault, ...]) -> ReadEvent:
        if isinstance(found, ParsedEvent):
            skewed = check_skew(found, now_ms()) if self._is_strict else None
            if skewed is None:
                return ReadEvent(found.event_id, found)
            found = (skewed,)
        return ReadEvent(_given_id(text), None, row_faults(found))

    def _plan(self, event: ParsedEvent, stored: dict[EventKey, StoredEvent]) -> Plan:
        if not self._looks_up:
            return event
        key = key_of(event)
        known = stored[key].content_hash if key in stored else self._seen.get(key)
        if known is None:
            self._seen[key] = event.content_hash
            return event
        return UNCHANGED if known == event.content_hash else (DUPLICATE,)

    def _insert(self, conn: Connection, events: Sequence[Any]) -> list[str]:
        found = insert_events(conn, self._lease.account_id, events, job_id=self._lease.job_id)
        return [one.status for one in found]


class _Limited:
    """The events of a document up to the limit. Raises Unreadable beyond it."""

    def __init__(self, rows: RowSource) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for number, row in enumerate(self._rows):
            if number == MAX_EVENTS:
                raise Unreadable("too_many_events", TOO_MANY_EVENTS)
            yield row

    def bytes_read(self) -> int:
        return self._rows.bytes_read()


class _Identified(msgspec.Struct):
    event_id: Any = msgspec.field(name="eventID", default="")


_identify = msgspec.json.Decoder(_Identified).decode


def _given_id(text: str) -> str:
    """The eventID of an event that is not valid."""
    try:
        found = _identify(text).event_id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    return found if isinstance(found, str) and found.isprintable() else ""


def _result(number: int, plan: Plan) -> RowResult:
    if isinstance(plan, ParsedEvent):
        return RowResult(number, "CREATED", None, None)
    return RowResult(number, "UNCHANGED" if isinstance(plan, Unchanged) else "FAILED", None, None)
