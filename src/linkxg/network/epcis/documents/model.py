"""An EPCIS event as it is read from a document and stored."""

from enum import IntEnum
from typing import Literal, NamedTuple, get_args

EventType = Literal["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
Action = Literal["ADD", "OBSERVE", "DELETE"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MAX_URI = 2_000


class ItemRole(IntEnum):
    """What an item is in an event; EPCs and classes of the same list have the same role."""

    OBSERVED = 1
    """epcList, quantityList"""
    PARENT = 2
    """parentID"""
    CHILD = 3
    """childEPCs, childQuantityList"""
    INPUT = 4
    """inputEPCList, inputQuantityList"""
    OUTPUT = 5
    """outputEPCList, outputQuantityList"""


class Level(IntEnum):
    """How many things an item stands for."""

    INSTANCE = 1
    """One: a serial, an SSCC, or a URI of nobody's scheme."""
    LOT = 2
    CLASS = 3
    """All of a GTIN: shown, but never traversed, for that would join unrelated lots."""


class Item(NamedTuple):
    """What an event is about. `uri` is the normal form (Digital Link at id.gs1.org), other URIs byte for byte."""

    uri: str
    level: Level
    gtin14: str | None = None
    lot: str | None = None
    serial: str | None = None


class ItemUse(NamedTuple):
    """An item in an event; `is_class` if it stands in a quantity list, `uom` is a code of UN/CEFACT Rec 20."""

    role: ItemRole
    item: Item
    is_class: bool = False
    quantity: float | None = None
    uom: str | None = None


class IndexedValue(NamedTuple):
    """A value that queries find an event by, under the name that the query uses after its operator.

    Such as `bizTransaction_po`, `source_owning_party`, `value_KEL` (converted to the base unit), `ILMD_<uri>#<field>`.
    """

    name: str
    text: str | None = None
    number: float | None = None


class ParsedEvent(NamedTuple):
    """A valid event. Times are in milliseconds; vocabulary is in its bare form (`shipping`), or a URI of others.

    `declaration_time` is that of the errorDeclaration in RFC 3339 UTC with milliseconds, '' for an event without one:
    (account, event_id, declaration_time) identifies a stored event. `content_hash` tells a repetition from another
    event with the same id; it leaves out recordTime. `content` is the JSON of the event as it is given back, and
    `context` the JSON of the members of `@context` that are not EPCIS's own, '' for none.
    """

    event_id: str
    declaration_time: str
    type: EventType
    action: Action | None
    event_time: int
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    transformation_id: str | None
    error_reason: str | None
    content_hash: bytes
    content: bytes
    context: str
    items: tuple[ItemUse, ...]
    values: tuple[IndexedValue, ...]


class EventFault(NamedTuple):
    """What is wrong with an event: a JSON pointer into it, a code, and a sentence for the sender."""

    pointer: str
    code: str
    message: str
