"""Writes an EPCISQueryDocument: events as they were captured, under one `@context` (EPCIS 2.0 §12.7)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from linkxg.clock import rfc3339
from linkxg.network.epcis.documents.contexts import (
    CONTEXT,
    MAX_CONTEXT,
    MAX_MEMBERS,
    MAX_PREFIXES,
    STANDARD_PREFIXES,
    write_json,
)
from linkxg.network.epcis.documents.urn import EpcFormat, with_digital_links

SCHEMA_VERSION = "2.0"
SIMPLE_QUERY = "SimpleEventQuery"
AS_CAPTURED: EpcFormat = "Never_Translates"
END = b"]}}}}"
_MAX_KNOWN = 1_000
"""Contexts that a long document remembers."""
# Without it an event has nothing that another form would change.
_URN = b"urn:epc:"
_encode, _decode = msgspec.json.encode, msgspec.json.decode


class _IdOfContent(msgspec.Struct):
    event_id: str | msgspec.UnsetType = msgspec.field(name="eventID", default=msgspec.UNSET)


_identify = msgspec.json.Decoder(_IdOfContent).decode


class WritableEvent(Protocol):
    """A stored event, as far as a document needs it."""

    @property
    def event_id(self) -> str: ...

    @property
    def record_time(self) -> int: ...

    @property
    def content(self) -> bytes: ...

    @property
    def context(self) -> str: ...


class Destination(NamedTuple):
    """The subscription that a document is for; `delivery_id` tells a repetition from the next one."""

    subscription_id: str
    delivery_id: str


def write_document(
    found: Sequence[WritableEvent],
    *,
    created: int,
    query_name: str = SIMPLE_QUERY,
    epc_format: EpcFormat = AS_CAPTURED,
    destination: Destination | None = None,
) -> bytes:
    """The document of these events, with their identifiers in the form `epc_format`."""
    contexts = MergedContexts()
    for one in found:
        contexts.add(one.context)
    head = _head(contexts.members, created, query_name, destination)
    return head + write_events(found, contexts, epc_format=epc_format) + END


def write_head(contexts: "MergedContexts", *, created: int) -> bytes:
    """The document of a query up to its first event; `write_events` with commas between them and END follow."""
    return _head(contexts.members, created, SIMPLE_QUERY, None)


def write_events(
    found: Sequence[WritableEvent], contexts: "MergedContexts", *, epc_format: EpcFormat = AS_CAPTURED
) -> bytes:
    """The events, separated by commas, below a head with these contexts."""
    return b",".join(_event(one, contexts.own(one.context), epc_format) for one in found)


def _head(members: list[Any], created: int, query_name: str, destination: Destination | None) -> bytes:
    head = {
        "@context": members[0] if len(members) == 1 else members,
        "type": "EPCISQueryDocument",
        "schemaVersion": SCHEMA_VERSION,
        "creationDate": rfc3339(created),
    }
    names = {"queryName": query_name}
    if destination is not None:
        head["id"] = f"urn:uuid:{destination.delivery_id}"
        names["subscriptionID"] = destination.subscription_id
    results = b'{"queryResults":%b,"resultsBody":{"eventList":[' % _encode(names)[:-1]
    return _encode(head)[:-1] + b',"epcisBody":' + results


def write_collection(members: Iterable[str]) -> bytes:
    return _encode({"@context": CONTEXT, "type": "Collection", "member": list(members)})


def _event(found: WritableEvent, context: list[Any], epc_format: EpcFormat) -> bytes:
    """Its members as they were captured, and those that the repository adds."""
    added: dict[str, Any] = {"recordTime": rfc3339(found.record_time)}
    if not _has_id(found.content):
        added["eventID"] = found.event_id
    if context:
        added["@context"] = context
    content = found.content
    if epc_format == "Always_GS1_Digital_Link" and _URN in content.lower():
        content = _encode_any(with_digital_links(json.loads(content)))
    return content[:-1] + b"," + _encode(added)[1:]


def _has_id(content: bytes) -> bool:
    # A field of an extension may have the name, too.
    return b'"eventID":' in content and _identify(content).event_id is not msgspec.UNSET


def _encode_any(event: dict[str, Any]) -> bytes:
    try:
        return _encode(event)
    except (OverflowError, ValueError):
        # An integer of more than 64 bits.
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


class MergedContexts:
    """One context for many events: `members`. Together they are no larger than a context that can be captured."""

    def __init__(self) -> None:
        self.members: list[Any] = [CONTEXT]
        self._terms: dict[str, str] = {}
        self._known = {write_json(CONTEXT)}
        self._own: dict[str, list[Any]] = {}

    def add(self, context: str) -> None:
        """Merge the context of an event, unless it has keywords or other meanings of prefixes, or all are too large."""
        if context in self._own:
            return
        members, terms, added = self._read(context)
        if self._keeps_apart(terms) or not _fits(self._known | added.keys(), self._terms | terms):
            self._own[context] = members
            return
        self._own[context] = []
        self._terms |= terms
        self._known |= added.keys()
        self.members += added.values()

    def own(self, context: str) -> list[Any]:
        """The context that an event has to have itself: none if its own is merged."""
        if context not in self._own:
            # Of an event that follows the head.
            members, terms, added = self._read(context)
            if len(self._own) >= _MAX_KNOWN:
                self._own.clear()
            self._own[context] = members if added or self._keeps_apart(terms) else []
        return self._own[context]

    def _read(self, context: str) -> tuple[list[Any], dict[str, str], dict[str, Any]]:
        """(members, terms, the members by their text that are not merged)."""
        members = _decode(context) if context else []
        terms = {name: write_json(value) for name, value in _terms(members)}
        return members, terms, {text: one for one in members if (text := write_json(one)) not in self._known}

    def _keeps_apart(self, terms: dict[str, str]) -> bool:
        # A keyword, such as @vocab, would say what the fields of all other events mean.
        return any(name.startswith("@") or self._terms.get(name, text) != text for name, text in terms.items())


def _fits(members: set[str], terms: dict[str, str]) -> bool:
    length = sum(map(len, members)) + len(members) + 1
    return len(members) <= MAX_MEMBERS and len(terms) + len(STANDARD_PREFIXES) <= MAX_PREFIXES and length <= MAX_CONTEXT


def _terms(context: list[Any]) -> list[tuple[str, Any]]:
    return [term for member in context if isinstance(member, dict) for term in member.items()]
