"""Events as an EPCISQueryDocument (EPCIS 2.0 §9.5)."""

from collections.abc import Iterable
from typing import Any

import msgspec

from linkxg.clock import now_ms, rfc3339
from linkxg.network.traceability.document_store import EventContent

MEDIA_TYPE = "application/ld+json"
_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event_document(events: Iterable[EventContent]) -> bytes:
    """With the contexts of all of them; `recordTime` is added to each."""
    contexts: list[Any] = [_CONTEXT]
    found = []
    for event in events:
        if event.context:
            members = msgspec.json.decode(event.context)
            contexts += [one for one in (members if isinstance(members, list) else [members]) if one not in contexts]
        found.append({**msgspec.json.decode(event.content), "recordTime": rfc3339(event.record_time)})
    return msgspec.json.encode(
        {
            "@context": contexts,
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": rfc3339(now_ms()),
            "epcisBody": {"queryResults": {"resultsBody": {"eventList": found}}},
        }
    )
