"""What events tell about items."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Granularity = Literal["SERIAL", "LOT", "CLASS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOwner:
    """The partner whose events show something."""

    account_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """`unit` is a code of UN/CEFACT Recommendation 20; None counts pieces."""

    value: float
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Why the graph does not go on here; if `requestable`, ask the partner of the connection."""

    reason: str
    requestable: bool
    connection_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """An item; one that is `redacted` stands for whatever follows."""

    id: str
    digital_link: str | None
    gtin: str | None
    lot: str | None
    serial: str | None
    granularity: Granularity | None
    depth: int
    product_id: str | None
    product_name: str | None
    owner: EventOwner | None
    quantity: Quantity | None
    redacted: bool
    tombstone: Tombstone | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """From what was first to what it became."""

    source: str = field(metadata={"name": "from"})
    target: str = field(metadata={"name": "to"})
    kind: str
    event_id: str | None
    event_time: datetime | None
    biz_step: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What an item was made of and what was made of it; `truncated` if a limit left something out."""

    root: str
    as_of: datetime | None
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """An event of an item, or of the container `inherited_from` while the item was in it."""

    event_id: str
    type: str
    action: str | None
    event_time: datetime
    record_time: datetime
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    inherited_from: str | None
    voided: bool
    owner: EventOwner | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLocation:
    """Where the item was last seen."""

    read_point: str | None
    biz_location: str | None
    event_id: str
    event_time: datetime
    inherited_from: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """Where an item is, its dispositions and its containers, the direct one first."""

    id: str
    digital_link: str | None
    gtin: str | None
    lot: str | None
    serial: str | None
    granularity: Granularity
    location: LastLocation | None
    disposition: str | None
    persistent_dispositions: list[str]
    containers: list[Container]
    last_seen_at: datetime | None
    events_truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedItem:
    id: str
    gtin: str | None
    lot: str | None
    serial: str | None
    granularity: Granularity
    depth: int
    product_id: str | None
    quantity: Quantity | None
    disposition: str | None
    place: str | None
    with_consumers: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedProduct:
    """A product with the numbers of its affected lots and serials."""

    gtin: str
    product_id: str | None
    product_name: str | None
    lots: int
    serials: int
    quantity: Quantity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedItem:
    """What only a partner says was made of the item; `known` if the account has events about it."""

    id: str
    gtin: str | None
    lot: str | None
    serial: str | None
    granularity: Granularity
    depth: int
    claimed_by: EventOwner
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A party that affected items were sent to."""

    party: str
    gln: str | None
    connection_id: str | None
    partner: EventOwner | None
    items: list[str]
    item_count: int
    last_sent_at: datetime
    contested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a recall of an item concerns."""

    root: str
    as_of: datetime | None
    items: list[AffectedItem]
    products: list[AffectedProduct]
    recipients: list[Recipient]
    truncated: bool
    claims: list[ClaimedItem]
    claims_truncated: bool
