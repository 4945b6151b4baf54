"""Items, edges and events of a trace in words."""

from linkxg.network.traceability.model import GraphEdge, TimelineEvent, TombstoneReason
from linkxg.network.traceability.walk_result import EdgeKind

# What was done, by the business steps of CBV 2.0 §7.1; others are shown as they are.
_STEPS = {
    "accepting": "accepted",
    "arriving": "arrived",
    "assembling": "assembled",
    "collecting": "collected",
    "commissioning": "put into use",
    "consigning": "consigned",
    "cycle_counting": "counted",
    "decommissioning": "taken out of use",
    "departing": "departed",
    "destroying": "destroyed",
    "disassembling": "disassembled",
    "dispensing": "dispensed",
    "encoding": "encoded",
    "entering_exiting": "passed a gate",
    "holding": "held",
    "inspecting": "inspected",
    "installing": "installed",
    "killing": "its tag was killed",
    "loading": "loaded",
    "other": "handled",
    "packing": "packed",
    "picking": "picked",
    "receiving": "received",
    "removing": "removed",
    "repackaging": "repackaged",
    "repairing": "repaired",
    "replacing": "replaced",
    "reserving": "reserved",
    "retail_selling": "sold",
    "sampling": "sampled",
    "sensor_reporting": "measured by a sensor",
    "shipping": "shipped",
    "staging_outbound": "staged for shipping",
    "stock_taking": "counted in stock",
    "stocking": "put into stock",
    "storing": "stored",
    "transporting": "transported",
    "unloading": "unloaded",
    "unpacking": "unpacked",
    "void_shipping": "shipping cancelled",
}
_BY_TYPE = {
    ("AggregationEvent", "ADD"): "packed together",
    ("AggregationEvent", "DELETE"): "unpacked",
    ("AggregationEvent", "OBSERVE"): "seen packed together",
    ("AssociationEvent", "ADD"): "assembled",
    ("AssociationEvent", "DELETE"): "disassembled",
    ("AssociationEvent", "OBSERVE"): "seen assembled",
    ("ObjectEvent", "ADD"): "put into use",
    ("ObjectEvent", "DELETE"): "taken out of use",
    ("ObjectEvent", "OBSERVE"): "seen",
    ("TransactionEvent", "ADD"): "added to a transaction",
    ("TransactionEvent", "DELETE"): "removed from a transaction",
    ("TransactionEvent", "OBSERVE"): "seen in a transaction",
    ("TransformationEvent", None): "transformed",
}
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
_DIGITAL_LINK = "https://id.gs1.org/"


def in_words(term: str) -> str:
    """A term of the core business vocabulary: `in_transit` is `in transit`; a URI stays as it is."""
    return term if ":" in term else term.replace("_", " ")


def step_in_words(edge: GraphEdge) -> str:
    """What happened, short enough for the drawing; empty where no event says so."""
    return in_words(edge.biz_step) if edge.biz_step else ""


def event_in_words(event: TimelineEvent) -> str:
    """What was done to the item, such as `Shipped`."""
    done = _STEPS.get(event.biz_step or "") or (in_words(event.biz_step) if event.biz_step else None)
    if done is None:
        done = _BY_TYPE.get((event.type, event.action), "recorded")
    return done[0].upper() + done[1:]


def short_uri(uri: str) -> str:
    """The identifier without the host that all Digital Links in normal form have."""
    return uri.removeprefix(_DIGITAL_LINK) if uri.startswith(_DIGITAL_LINK) else uri
