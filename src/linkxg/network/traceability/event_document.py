"""The events that a graph was derived from, as an EPCISQueryDocument (EPCIS 2.0 §9.5)."""

from collections.abc import Sequence

from linkxg.clock import now_ms
from linkxg.network.epcis.query.query_document import write_document
from linkxg.network.traceability.document_store import EventContent

MEDIA_TYPE = "application/ld+json"
QUERY_NAME = "TraceabilityGraph"
"""The schema of such a document requires the name of a query."""


def event_document(events: Sequence[EventContent]) -> bytes:
    """As the query interface writes them: with the contexts of all, and each with its id and `recordTime`."""
    return write_document(events, created=now_ms(), query_name=QUERY_NAME)
