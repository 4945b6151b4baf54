"""Writes an EPCISQueryDocument: events as they were captured, under one `@context` (EPCIS 2.0 §12.7)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from linkxg.clock import rfc3339
from linkxg.network.epcis.documents.urn import EpcFormat, translate
from linkxg.network.epcis.query.store import FoundEvent

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SCHEMA_VERSION = "2.0"
SIMPLE_QUERY = "SimpleEventQuery"
AS_CAPTURED: EpcFormat = "Never_Translates"
# Without any of these an event has nothing that another form would change.
_TRANSLATED: dict[EpcFormat, bytes] = {"Always_GS1_Digital_Link": b"urn:epc:", "Always_EPC_URN": b"://"}
_encode, _decode = msgspec.json.encode, msgspec.json.decode


class Destination(NamedTuple):
    """The subscription that a document is for; `delivery_id` tells a repetition from the next one."""

    subscription_id: str
    delivery_id: str


def write_document(
    found: Sequence[FoundEvent],
    *,
    created: int,
    query_name: str = SIMPLE_QUERY,
    epc_format: EpcFormat = AS_CAPTURED,
    destination: Destination | None = None,
) -> bytes:
    """The document of these events, with their identifiers in the form `epc_format`."""
    merged, own = _merge(found)
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


def _event(found: FoundEvent, context: list[Any], epc_format: EpcFormat) -> bytes:
    """Its members as they were captured, and those that the repository adds."""
    added: dict[str, Any] = {"recordTime": rfc3339(found.record_time)}
    if b'"eventID":' not in found.content:
        added["eventID"] = found.event_id
    if context:
        added["@context"] = context
    content, sign = found.content, _TRANSLATED.get(epc_format)
    if sign is not None and sign in content.lower():
        content = _encode_any(translate(json.loads(content), epc_format))
    return content[:-1] + b"," + _encode(added)[1:]


def _encode_any(event: dict[str, Any]) -> bytes:
    try:
        return _encode(event)
    except (OverflowError, ValueError):
        # An integer of more than 64 bits.
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _merge(found: Sequence[FoundEvent]) -> tuple[list[Any], list[list[Any]]]:
    """(the context of all events, the contexts of those that understand one of its prefixes otherwise)."""
    merged: list[Any] = [CONTEXT]
    terms: dict[str, Any] = {}
    texts: dict[str, list[Any]] = {}
    for one in found:
        if one.context in texts:
            continue
        own = _decode(one.context) if one.context else []
        if any(terms.get(name, value) != value for name, value in _terms(own)):
            texts[one.context] = own
            continue
        texts[one.context] = []
        terms.update(_terms(own))
        merged += [member for member in own if member not in merged]
    return merged, [texts[one.context] for one in found]


def _terms(context: list[Any]) -> list[tuple[str, Any]]:
    return [term for member in context if isinstance(member, dict) for term in member.items()]
