"""What a recall of several items concerns together."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from linkxg.errors import InvalidRequest, NotFound
from linkxg.http.long_answer import LongAnswer
from linkxg.network.recalls.share_out import MAX_RECALL_ITEMS, share_out
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.impact import read_impact, sum_quantities
from linkxg.network.traceability.model import (
    MAX_DEPTH,
    MAX_NODES,
    AffectedItem,
    AffectedProduct,
    ClaimedItem,
    Impact,
    Recipient,
)
from linkxg.network.traceability.read_graph import TraceReader
from linkxg.network.traceability.walk_result import WalkLimits

RECALL_S = 60.0
"""For the walks from all items of a recall, one after the other."""


class JointImpact(NamedTuple):
    """`unknown` are recalled items that no event of the account is about; `claims` are what only partners say."""

    items: list[AffectedItem]
    products: list[AffectedProduct]
    recipients: list[Recipient]
    truncated: bool
    unknown: list[str]
    claims: list[ClaimedItem]


class _Joined:
    def __init__(self) -> None:
        self.items: dict[str, AffectedItem] = {}
        self.claims: dict[str, ClaimedItem] = {}
        self.named: dict[str, AffectedProduct] = {}
        self.recipients: dict[str, Recipient] = {}
        self.is_truncated = False

    def add(self, impact: Impact) -> None:
        self.is_truncated = self.is_truncated or impact.truncated
        for item in impact.items:
            known = self.items.get(item.id)
            if known is not None:
                known.depth = min(known.depth, item.depth)
            elif len(self.items) < MAX_RECALL_ITEMS:
                self.items[item.id] = item
            else:
                self.is_truncated = True
        for claim in impact.claims[: MAX_NODES - len(self.claims)]:
            self.claims.setdefault(claim.id, claim)
        self.named.update((product.gtin, product) for product in impact.products)
        for one in impact.recipients:
            self._join(one)

    def _join(self, one: Recipient) -> None:
        """One for each partner, and for each party that is none."""
        key = one.connection_id or one.party
        known = self.recipients.setdefault(key, one)
        if known is one:
            return
        joined = sorted({*known.items, *one.items})
        known.item_count = max(known.item_count, one.item_count, len(joined))
        known.items = joined[:MAX_RECALL_ITEMS]
        known.last_sent_at = max(known.last_sent_at, one.last_sent_at)


async def read_joint_impact(
    reader: TraceReader, account_id: str, uris: Iterable[str], answer: LongAnswer | None = None
) -> JointImpact:
    """Raises the errors of `read_impact`, but NotFound, and InvalidRequest if all together take too long."""
    joined, unknown, until = _Joined(), [], time.monotonic() + RECALL_S
    for uri in dict.fromkeys(uris):
        if time.monotonic() > until:
            raise InvalidRequest("This takes too long to read. Recall fewer items at once.")
        try:
            joined.add(await read_impact(reader, account_id, uri, Bounds(), WalkLimits(MAX_DEPTH, MAX_NODES), answer))
        except NotFound:
            unknown.append(uri)
    affected = sorted(joined.items.values(), key=lambda item: (item.depth, item.id))
    recipients = sorted(joined.recipients.values(), key=lambda one: one.party)
    is_whole = share_out(recipients)
    claims = [claim for claim in joined.claims.values() if claim.id not in joined.items]
    truncated = joined.is_truncated or not is_whole
    return JointImpact(affected, _products(joined.named, affected), recipients, truncated, unknown, claims)


def _products(named: dict[str, AffectedProduct], items: Iterable[AffectedItem]) -> list[AffectedProduct]:
    by_gtin: dict[str, list[AffectedItem]] = {}
    for item in items:
        if item.gtin is not None:
            by_gtin.setdefault(item.gtin, []).append(item)
    return [
        AffectedProduct(
            gtin,
            named[gtin].product_id,
            named[gtin].product_name,
            sum(item.granularity == "LOT" for item in of_gtin),
            sum(item.granularity == "SERIAL" for item in of_gtin),
            sum_quantities(item.quantity for item in of_gtin),
        )
        for gtin, of_gtin in sorted(by_gtin.items())
    ]
