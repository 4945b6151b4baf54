"""What a recall of several items concerns together."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from linkxg.errors import InvalidRequest, NotFound
from linkxg.http.long_answer import LongAnswer
from linkxg.network.recalls.model import MAX_NOTICES, RecallPlace
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
    """`unknown` are recalled items that no event of the account is about; `claims` are what only partners say.

    `is_cut`: the search ended early, so that any recipient may have received more; `truncated` also if lists were cut.
    """

    items: list[AffectedItem]
    products: list[AffectedProduct]
    recipients: list[Recipient]
    truncated: bool
    is_cut: bool
    unknown: list[str]
    claims: list[ClaimedItem]
    with_consumers: int | None
    places: list[RecallPlace]
    """The one with most items first."""


class _JoinedRecipient:
    """What one recipient received: `listed` items, and how many more the impacts counted without listing them."""

    def __init__(self, first: Recipient) -> None:
        self._first = first
        self._listed: set[str] = set()
        self._unlisted = 0
        self._last_sent_at = first.last_sent_at

    def add(self, one: Recipient) -> None:
        self._unlisted += one.item_count - len(one.items)
        self._last_sent_at = max(self._last_sent_at, one.last_sent_at)
        for uri in one.items:
            if len(self._listed) < MAX_RECALL_ITEMS:
                self._listed.add(uri)
            elif uri not in self._listed:
                self._unlisted += 1

    def whole(self) -> Recipient:
        items = sorted(self._listed)
        return msgspec.structs.replace(
            self._first, items=items, item_count=len(items) + self._unlisted, last_sent_at=self._last_sent_at
        )


class JoinedImpacts:
    """Each impact costs what it has, whatever was joined before; lists are sorted once, at the end."""

    def __init__(self) -> None:
        self.items: dict[str, AffectedItem] = {}
        self.claims: dict[str, ClaimedItem] = {}
        self.named: dict[str, AffectedProduct] = {}
        self.is_truncated = False
        self._recipients: dict[str, _JoinedRecipient] = {}

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
            # One for each partner, and for each party that is none.
            key = one.connection_id or one.party
            self._recipients.setdefault(key, _JoinedRecipient(one)).add(one)

    def count_recipients(self) -> int:
        return len(self._recipients)

    def recipients(self) -> Iterator[Recipient]:
        """Each is sorted when it is asked for."""
        return (one.whole() for one in self._recipients.values())


async def read_joint_impact(
    reader: TraceReader, account_id: str, uris: Iterable[str], answer: LongAnswer | None = None
) -> JointImpact:
    """Ends early if there are more recipients than a recall may have.

    Raises the errors of `read_impact`, but NotFound, and InvalidRequest if all together take too long.
    """
    joined, unknown, until = JoinedImpacts(), [], time.monotonic() + RECALL_S
    for uri in dict.fromkeys(uris):
        if time.monotonic() > until:
            raise InvalidRequest("The request took too long. Recall fewer items at once.")
        try:
            joined.add(await read_impact(reader, account_id, uri, Bounds(), WalkLimits(MAX_DEPTH, MAX_NODES), answer))
        except NotFound:
            unknown.append(uri)
        if joined.count_recipients() > MAX_NOTICES:
            joined.is_truncated = True
            break
    affected = sorted(joined.items.values(), key=lambda item: (item.depth, item.id))
    recipients: list[Recipient] = []
    for one in joined.recipients():
        recipients.append(one)
        await asyncio.sleep(0)
    recipients.sort(key=lambda one: one.party)
    is_whole = share_out(recipients)
    claims = [claim for claim in joined.claims.values() if claim.id not in joined.items]
    is_cut, products = joined.is_truncated, _products(joined.named, affected)
    return JointImpact(
        affected, products, recipients, is_cut or not is_whole, is_cut, unknown, claims, *_whereabouts(affected)
    )


def _whereabouts(items: Iterable[AffectedItem]) -> tuple[int | None, list[RecallPlace]]:
    """How many are with consumers, None if that is not known of each; and where they were last seen."""
    is_known, by_place = True, dict[str | None, RecallPlace]()
    for item in items:
        if item.with_consumers is None:
            is_known = False
            continue
        found = by_place.setdefault(item.place, RecallPlace(item.place, 0, 0))
        found.items += 1
        found.with_consumers += item.with_consumers
    places = sorted(by_place.values(), key=lambda one: (-one.items, one.place or ""))
    count = sum(one.with_consumers for one in places)
    # What is known of some of them must not hide that they are with consumers.
    return count if is_known or count else None, places


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
