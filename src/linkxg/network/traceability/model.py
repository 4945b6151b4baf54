"""Graphs, timelines, status and impact, as the API answers them."""

from typing import Any, ClassVar, Literal

import msgspec

EdgeKind = Literal["TRANSFORMED", "CONTAINED", "PART_OF", "OF_LOT", "HIDDEN"]
Granularity = Literal["SERIAL", "LOT", "CLASS"]
TombstoneReason = Literal["NOT_CONNECTED", "REVOKED", "CONTESTED", "NOT_SHARED", "DEPTH_LIMIT", "NODE_LIMIT"]
MAX_DEPTH, DEFAULT_DEPTH = 20, 5
MAX_NODES, DEFAULT_NODES = 5_000, 500
_LOT = "https://id.gs1.org/01/09520000002176/10/L1"
_TIME = "2026-11-27T10:00:00.000Z"


class Owner(msgspec.Struct, rename="camel"):
    """The partner whose events show a node."""

    account_id: str
    name: str


class Quantity(msgspec.Struct):
    """`unit` is a code of UN/CEFACT Recommendation 20; null counts pieces."""

    value: float
    unit: str | None


class Tombstone(msgspec.Struct):
    """Why the graph does not go on here. If `requestable`, ask the partner (`/connections/{id}/requests`)."""

    reason: TombstoneReason
    requestable: bool
    connection_id: str | None = msgspec.field(default=None, name="connectionId")


class GraphNode(msgspec.Struct, rename="camel"):
    """An item. One that is `redacted` stands for whatever follows; its `id` is the same in each answer to you."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": _LOT,
        "digitalLink": _LOT,
        "gtin": "09520000002176",
        "lot": "L1",
        "granularity": "LOT",
        "productName": "Yarn",
        "quantity": {"value": 12.5, "unit": "KGM"},
    }

    id: str
    digital_link: str | None
    gtin: str | None
    lot: str | None
    serial: str | None
    granularity: Granularity | None
    depth: int
    product_id: str | None
    product_name: str | None
    owner: Owner | None
    quantity: Quantity | None
    redacted: bool
    tombstone: Tombstone | None


class GraphEdge(msgspec.Struct, rename="camel"):
    """From what was first to what it became, the asset it is a part of, its serial, or its container."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "from": _LOT,
        "to": "https://id.gs1.org/01/09520000010010/10/F7",
        "eventTime": _TIME,
        "bizStep": "commissioning",
    }

    from_: str = msgspec.field(name="from")
    to: str
    kind: EdgeKind
    event_id: str | None
    event_time: str | None
    biz_step: str | None


class GraphStats(msgspec.Struct, rename="camel"):
    nodes: int
    edges: int
    max_depth: int
    events: int


class Graph(msgspec.Struct, rename="camel"):
    """`truncated` if a limit left something out; the tombstones of nodes say where. Ask again with such an item."""

    root: str
    as_of: str | None
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    stats: GraphStats
    truncated: bool


class TimelineEvent(msgspec.Struct, rename="camel"):
    """An event of an item, or of the container `inheritedFrom` while the item was in it.

    One that is `aheadOfRecordTime` was recorded before it is said to have happened: a clock or a time zone is wrong.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "eventTime": _TIME,
        "recordTime": _TIME,
        "bizStep": "shipping",
        "disposition": "in_transit",
    }

    event_id: str
    type: str
    action: str | None
    event_time: str
    record_time: str
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    inherited_from: str | None
    voided: bool
    ahead_of_record_time: bool
    owner: Owner | None


class Container(msgspec.Struct, rename="camel"):
    """The direct container first, then the one that it is in."""

    id: str
    since: str


class LastLocation(msgspec.Struct, rename="camel"):
    """Where the item was last seen; `inheritedFrom` is the container whose event says so."""

    read_point: str | None
    biz_location: str | None
    event_id: str
    event_time: str
    inherited_from: str | None


class ItemStatus(msgspec.Struct, rename="camel"):
    """What the events of an item and of its containers say now, or as of a time."""

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
    last_seen_at: str | None
    events_truncated: bool


class AffectedItem(msgspec.Struct, rename="camel"):
    """`disposition` and `place` are those of the last own event that has any. `withConsumers`: sold or dispensed, of
    a lot at least a part. All are null if there are too many events to say.
    """

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


class ClaimedItem(msgspec.Struct, rename="camel"):
    """What only a partner says was made of an affected item; no product, recipient or recall counts it.

    If it is `known`, own events are about it, but do not say that it came from the partner.
    """

    id: str
    gtin: str | None
    lot: str | None
    serial: str | None
    granularity: Granularity
    depth: int
    claimed_by: Owner
    known: bool


class AffectedProduct(msgspec.Struct, rename="camel"):
    """An own product, or a GTIN that is none of them, with the number of its affected lots and serials.

    `quantity` is that of the lots together, null if it is unknown or in several units.
    """

    gtin: str
    product_id: str | None
    product_name: str | None
    lots: int
    serials: int
    quantity: Quantity | None


class Recipient(msgspec.Struct, rename="camel"):
    """A party that some affected items were sent to; `connectionId` and `partner` if it is connected.

    `itemCount` says how many items were found if `items` has fewer. If it is `contested`, several partners have its
    GLN, and neither of them is taken for it.
    """

    party: str
    gln: str | None
    connection_id: str | None
    partner: Owner | None
    items: list[str]
    item_count: int
    last_sent_at: str
    contested: bool


class Impact(msgspec.Struct, rename="camel"):
    """What a recall of an item concerns: everything made of it by own events, and what partners claim beside it."""

    root: str
    as_of: str | None
    items: list[AffectedItem]
    products: list[AffectedProduct]
    recipients: list[Recipient]
    stats: GraphStats
    truncated: bool
    claims: list[ClaimedItem]
    claims_truncated: bool
