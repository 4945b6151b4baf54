"""Edges and ends of a trace in words, and identifiers; its events are in `event_words`."""

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.network.traceability.model import EdgeKind, TombstoneReason

EDGES: dict[EdgeKind, str] = {
    "TRANSFORMED": "made of",
    "PART_OF": "has as a part",
    "OF_LOT": "a serial of",
    "CONTAINED": "contains",
    "HIDDEN": "follows what is hidden",
}
REASONS: dict[TombstoneReason, str] = {
    "NOT_SHARED": "not shared with you",
    "REVOKED": "connection ended",
    "CONTESTED": "declared by several partners",
    "NOT_CONNECTED": "not a partner of yours",
    "DEPTH_LIMIT": "goes on further",
    "NODE_LIMIT": "goes on further",
}
EXPLANATIONS: dict[TombstoneReason, str] = {
    "NOT_SHARED": "The partner shares no further events of it with you.",
    "CONTESTED": "Several partners of yours declare the GLN that your event names. Clarify with them whose it is.",
    "REVOKED": "The connection with the company that your event names has ended.",
    "NOT_CONNECTED": "Your event names a company that is not a partner of yours.",
    "DEPTH_LIMIT": "More tiers follow than were asked for.",
    "NODE_LIMIT": "More items follow than are shown.",
}


def short_uri(uri: str) -> str:
    """The identifier without the host that all Digital Links in normal form have."""
    return uri.removeprefix(f"{RESOLVER}/")
