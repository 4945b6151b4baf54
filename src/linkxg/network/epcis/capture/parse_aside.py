"""Parses the events of a document in a process of their own, while those before them are written."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from linkxg.jobs.side_process import SideProcess
from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event

Parsed = ParsedEvent | tuple[EventFault, ...] | None
"""None for an event that could not be parsed, by a fault of ours."""


class _Request(NamedTuple):
    contexts: Contexts
    texts: Sequence[str]


class _Answer(NamedTuple):
    """Events, and by their place the faults of those that are None."""

    events: list[ParsedEvent | None]
    faults: dict[int, tuple[EventFault, ...]]


_encode = msgspec.msgpack.Encoder().encode
_read_request = msgspec.msgpack.Decoder(_Request).decode
_read_answer = msgspec.msgpack.Decoder(_Answer).decode


def parse_aside(process: SideProcess, contexts: Contexts, texts: Sequence[str]) -> list[Parsed]:
    """Each event as `parse_event` returns it. Raises OSError if the process has died."""
    events, faults = _read_answer(process.ask(_encode(_Request(contexts, texts))))
    if not faults and None not in events:
        return list(events)
    return [faults.get(place) if one is None else one for place, one in enumerate(events)]


def answer(request: bytes) -> bytes:
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
    return _encode(_Answer(events, faults))
