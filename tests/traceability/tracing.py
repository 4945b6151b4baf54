"""The verbs of traceability over a database, as an account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import Item, ParsedEvent
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.find_graph import GraphQuery
from linkxg.network.traceability.impact import read_impact
from linkxg.network.traceability.model import Graph, Impact, ItemStatus, TimelineEvent
from linkxg.network.traceability.read_graph import TraceReader, read_graph
from linkxg.network.traceability.status import read_status
from linkxg.network.traceability.timeline import read_timeline
from linkxg.network.traceability.tombstones import pseudonymizer
from linkxg.network.traceability.walk_result import WalkLimits
from linkxg.network.traceability.walk_store import DIRECTIONS, WalkDirection
from traceability.chain import T0, insert


class Tracing:
    """One account. Times are in seconds after T0."""

    def __init__(self, database: Database, account_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.database, self.account_id, self.loop = database, account_id, loop
        self.reads: list[tuple[str, str, list[str]]] = []
        self.reader = TraceReader(database, pseudonymizer(bytes(32)), self._count)

    def _count(self, owner_id: str, viewer_id: str, product_ids: Iterable[str]) -> None:
        self.reads.append((owner_id, viewer_id, list(product_ids)))

    def another(self) -> Tracing:
        """Another account."""
        account_id = uuid7()
        self.run(self.database.write(lambda conn: insert_account(conn, account_id, "Other Ltd", now_ms())))
        return Tracing(self.database, account_id, self.loop)

    def run(self, awaited: Any) -> Any:
        return self.loop.run_until_complete(awaited)

    def capture(self, *events: ParsedEvent, recorded: int = 0) -> None:
        self.run(self.database.write(insert, self.account_id, events, record_time=T0 + recorded * 1_000))

    def graph(
        self,
        item: Item,
        directions: Sequence[WalkDirection] = DIRECTIONS,
        *,
        depth: int = 20,
        nodes: int = 5_000,
        as_of: int | None = None,
        **bounds: Any,
    ) -> Graph:
        query = GraphQuery(item.uri, tuple(directions), WalkLimits(depth, nodes), _bounds(as_of, **bounds))
        found: Graph = self.run(read_graph(self.reader, self.account_id, query))
        return found

    def depths(self, item: Item, *directions: WalkDirection, **options: Any) -> dict[str, int]:
        """Of the nodes that are not redacted, by URI."""
        found = self.graph(item, directions or DIRECTIONS, **options)
        return {node.id: node.depth for node in found.nodes if not node.redacted}

    def timeline(self, item: Item, *, limit: int = 100, as_of: int | None = None, **bounds: Any) -> list[TimelineEvent]:
        found: list[TimelineEvent] = []
        after = None
        while True:
            page, after = self.run(
                read_timeline(
                    self.reader, self.account_id, item.uri, _bounds(as_of, **bounds), after=after, limit=limit
                )
            )
            found += page
            if after is None:
                return found

    def status(self, item: Item, as_of: int | None = None) -> ItemStatus:
        found: ItemStatus = self.run(read_status(self.reader, self.account_id, item.uri, _bounds(as_of)))
        return found

    def impact(self, item: Item, *, depth: int = 20, nodes: int = 5_000, **bounds: Any) -> Impact:
        limits = WalkLimits(depth, nodes)
        found: Impact = self.run(read_impact(self.reader, self.account_id, item.uri, _bounds(None, **bounds), limits))
        return found


def _bounds(as_of: int | None = None, **given: Any) -> Bounds:
    times: dict[str, Any] = {name: T0 + given.pop(name) * 1_000 for name in ("since", "until") if name in given}
    if as_of is not None:
        times["as_of"] = T0 + as_of * 1_000
    return Bounds(**times, **given)
