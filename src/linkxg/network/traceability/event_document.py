"""Events as an EPCISQueryDocument (EPCIS 2.0 §9.5)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from linkxg.clock import now_ms, rfc3339
from linkxg.network.epcis.query.query_document import merge_contexts
from linkxg.network.traceability.document_store import EventContent

MEDIA_TYPE = "application/ld+json"


def event_document(events: Sequence[EventContent]) -> bytes:
    """With the contexts of all of them; `recordTime` is added to each, and its own context to one that differs."""
    merged, own = merge_contexts([event.context for event in events])
    found = []
    for event, context in zip(events, own, strict=True):
        added: dict[str, Any] = {"recordTime": rfc3339(event.record_time)}
        if context:
            added["@context"] = context
        found.append({**msgspec.json.decode(event.content), **added})
    return msgspec.json.encode(
        {
            "@context": merged,
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": rfc3339(now_ms()),
            "epcisBody": {"queryResults": {"resultsBody": {"eventList": found}}},
        }
    )
