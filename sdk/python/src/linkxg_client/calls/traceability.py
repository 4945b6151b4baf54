"""Requests about items and what events tell about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from linkxg_client.call import Call, one, params
from linkxg_client.models.traceability import Graph, Impact, ItemStatus, TimelineEvent
from linkxg_client.pages import PageCall, page_of

SCOPE = "traceability:read"


@dataclass(frozen=True, slots=True)
class Item:
    """What is traced: a Digital Link or EPC URN, or a GTIN with its lot or serial number."""

    uri: str | None = None
    gtin: str | None = None
    lot: str | None = None
    serial: str | None = None

    def params(self) -> dict[str, str]:
        return params(item=self.uri, gtin=self.gtin, lot=self.lot, serial=self.serial)


def as_item(item: Item | str) -> Item:
    return Item(item) if isinstance(item, str) else item


def graph(
    item: Item | str,
    direction: Literal["upstream", "downstream", "both"] | None = None,
    depth: int | None = None,
    max_nodes: int | None = None,
    as_of: datetime | None = None,
) -> Call[Graph]:
    """What an item was made of, and what was made of it."""
    asked = params(direction=direction, depth=depth, max_nodes=max_nodes, as_of=as_of)
    return Call("GET", "/traceability/graph", SCOPE, one(Graph), as_item(item).params() | asked)


def list_events(item: Item | str, as_of: datetime | None = None, limit: int | None = None) -> PageCall[TimelineEvent]:
    """The events of an item, newest first, with those of its containers."""
    asked = as_item(item).params() | params(as_of=as_of, limit=limit)
    path = "/traceability/items/events"
    return lambda cursor: Call("GET", path, SCOPE, page_of(TimelineEvent), asked | params(cursor=cursor))


def status(item: Item | str, as_of: datetime | None = None) -> Call[ItemStatus]:
    """Where an item is, its dispositions and its containers."""
    asked = as_item(item).params() | params(as_of=as_of)
    return Call("GET", "/traceability/items/status", SCOPE, one(ItemStatus), asked)


def impact(item: Item | str, depth: int | None = None, as_of: datetime | None = None) -> Call[Impact]:
    """What a recall of an item concerns."""
    asked = as_item(item).params() | params(depth=depth, as_of=as_of)
    return Call("GET", "/traceability/impact", SCOPE, one(Impact), asked)
