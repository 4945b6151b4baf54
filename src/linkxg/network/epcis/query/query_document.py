"""Writes an EPCISQueryDocument: events as they were captured, under one `@context` (EPCIS 2.0 §12.7)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from linkxg.clock import rfc3339
from linkxg.network.epcis.documents.contexts import (
    MAX_CONTEXT,
    MAX_MEMBERS,
    MAX_PREFIXES,
    STANDARD_PREFIXES,
    write_json,
)
from linkxg.network.epcis.documents.urn import EpcFormat, translate

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SCHEMA_VERSION = "2.0"
SIMPLE_QUERY = "SimpleEventQuery"
AS_CAPTURED: EpcFormat = "Never_Translates"
# Without any of these an event has nothing that another form would change.
_TRANSLATED: dict[EpcFormat, bytes] = {"Always_GS1_Digital_Link": b"urn:epc:", "Always_EPC_URN": b"://"}
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
    merged, own = merge_contexts([one.context for one in found])
    events = b",".join(_event(one, context, epc_format) for one, context in zip(found, own, strict=True))
    head = {
        "@context": merged[0] if len(merged) == 1 else merged,
        "type": "EPCISQueryDocument",
        "schemaVersion": SCHEMA_VERSION,
        "creationDate": rfc3339(created),
    }
    names = {"queryName": query_name}
    if destination is not None:
        head["id"] = f"urn:uuid:{destination.delivery_id}"
        names["subscriptionID"] = destination.subscription_id
    results = b'{"queryResults":%b,"resultsBody":{"eventList":[%b]}}}' % (_encode(names)[:-1], events)
    return _encode(head)[:-1] + b',"epcisBody":' + results + b"}"


def write_collection(members: Iterable[str]) -> bytes:
    return _encode({"@context": CONTEXT, "type": "Collection", "member": list(members)})


def _event(found: WritableEvent, context: list[Any], epc_format: EpcFormat) -> bytes:
    """Its members as they were captured, and those that the repository adds."""
    added: dict[str, Any] = {"recordTime": rfc3339(found.record_time)}
    if not _has_id(found.content):
        added["eventID"] = found.event_id
    if context:
        added["@context"] = context
    content, sign = found.content, _TRANSLATED.get(epc_format)
    if sign is not None and sign in content.lower():
        content = _encode_any(translate(json.loads(content), epc_format))
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


def merge_contexts(contexts: Sequence[str]) -> tuple[list[Any], list[list[Any]]]:
    """(the context of all events, for each its own if it understands a prefix otherwise, or all are too large).

    Together they are no larger than a context that can be captured.
    """
    merged: list[Any] = [CONTEXT]
    terms: dict[str, str] = {}
    known = {write_json(CONTEXT)}
    own: dict[str, list[Any]] = {}
    for context in contexts:
        if context in own:
            continue
        members = _decode(context) if context else []
        of_context = {name: write_json(value) for name, value in _terms(members)}
        added = {text: member for member in members if (text := write_json(member)) not in known}
        differs = any(terms.get(name, text) != text for name, text in of_context.items())
        if differs or not _fits(known | added.keys(), terms | of_context):
            own[context] = members
            continue
        own[context] = []
        terms |= of_context
        known |= added.keys()
        merged += added.values()
    return merged, [own[context] for context in contexts]


def _fits(members: set[str], terms: dict[str, str]) -> bool:
    length = sum(map(len, members)) + len(members) + 1
    return len(members) <= MAX_MEMBERS and len(terms) + len(STANDARD_PREFIXES) <= MAX_PREFIXES and length <= MAX_CONTEXT


def _terms(context: list[Any]) -> list[tuple[str, Any]]:
    return [term for member in context if isinstance(member, dict) for term in member.items()]
