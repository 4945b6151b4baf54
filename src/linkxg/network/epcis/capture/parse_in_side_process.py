"""Parses the events of a document in a process of their own, while those before them are written."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from linkxg.jobs.side_process import SideProcess
from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event

PART = 200
"""Events of one request: their thousands of objects stay in the processor's cache, and little is in memory twice."""
Parsed = ParsedEvent | tuple[EventFault, ...] | None
"""None for an event that could not be parsed, by a fault of ours."""


class _UnparsedPart(NamedTuple):
    contexts: Contexts
    texts: Sequence[str]


class _ParsedPart(NamedTuple):
    """Events, and by their place the faults of those that are None."""

    events: list[ParsedEvent | None]
    faults: dict[int, tuple[EventFault, ...]]


_encode = msgspec.msgpack.Encoder().encode
_read_request = msgspec.msgpack.Decoder(_UnparsedPart).decode
_read_answer = msgspec.msgpack.Decoder(_ParsedPart).decode


def parse_in_side_process(process: SideProcess, contexts: Contexts, texts: Sequence[str]) -> list[Parsed]:
    """Each event as `parse_event` returns it. Raises SideProcessDied."""
    found: list[Parsed] = []
    for start in range(0, len(texts), PART):
        events, faults = _read_answer(process.ask(_encode(_UnparsedPart(contexts, texts[start : start + PART]))))
        found += [faults.get(place) if one is None else one for place, one in enumerate(events)]
    return found


def serve_parse_request(request: bytes) -> bytes:
    """The work of the process."""
    contexts, texts = _read_request(request)
    events: list[ParsedEvent | None] = []
    faults: dict[int, tuple[EventFault, ...]] = {}
    for place, text in enumerate(texts):
        try:
            found = parse_event(text, contexts)
        except Exception:  # noqa: BLE001  the process of the jobs tries it again, and logs what it finds
            found = ()
        if isinstance(found, ParsedEvent):
            events.append(found)
        else:
            events.append(None)
            if found:
                faults[place] = found
    return _encode(_ParsedPart(events, faults))
