"""What a recall of several items concerns together."""

from collections.abc import Iterable
from typing import NamedTuple

from linkxg.errors import NotFound
from linkxg.http.long_answer import LongAnswer
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.impact import read_impact, sum_quantities
from linkxg.network.traceability.model import (
    MAX_DEPTH,
    MAX_NODES,
    AffectedItem,
    AffectedProduct,
    Impact,
    Recipient,
)
from linkxg.network.traceability.read_graph import TraceReader
from linkxg.network.traceability.walk_result import WalkLimits


class JointImpact(NamedTuple):
    """`unknown` are recalled items that no event of the account is about."""

    items: list[AffectedItem]
    products: list[AffectedProduct]
    recipients: list[Recipient]
    truncated: bool
    unknown: list[str]


async def read_joint_impact(
    reader: TraceReader, account_id: str, uris: Iterable[str], answer: LongAnswer | None = None
) -> JointImpact:
    """Raises the errors of `read_impact`, but NotFound."""
    found: list[Impact] = []
    unknown = []
    for uri in dict.fromkeys(uris):
        try:
            found.append(await read_impact(reader, account_id, uri, Bounds(), WalkLimits(MAX_DEPTH, MAX_NODES), answer))
        except NotFound:
            unknown.append(uri)
    items: dict[str, AffectedItem] = {}
    for impact in found:
        for item in impact.items:
            known = items.get(item.id)
            if known is None or item.depth < known.depth:
                items[item.id] = item
    affected = sorted(items.values(), key=lambda item: (item.depth, item.id))
    return JointImpact(
        affected, _products(found, affected), _recipients(found), any(one.truncated for one in found), unknown
    )


def _products(found: Iterable[Impact], items: Iterable[AffectedItem]) -> list[AffectedProduct]:
    if len(impacts := list(found)) == 1:
        return impacts[0].products
    named = {product.gtin: product for impact in impacts for product in impact.products}
    counts: dict[str, list[AffectedItem]] = {gtin: [] for gtin in named}
    for item in items:
        if item.gtin is not None:
            counts[item.gtin].append(item)
    return [
        AffectedProduct(
            gtin,
            named[gtin].product_id,
            named[gtin].product_name,
            sum(item.granularity == "LOT" for item in of_gtin),
            sum(item.granularity == "SERIAL" for item in of_gtin),
            sum_quantities(item.quantity for item in of_gtin),
        )
        for gtin, of_gtin in sorted(counts.items())
    ]


def _recipients(found: Iterable[Impact]) -> list[Recipient]:
    """One for each partner, and for each party that is none."""
    joined: dict[str, Recipient] = {}
    for impact in found:
        for one in impact.recipients:
            key = one.connection_id or one.party
            known = joined.get(key)
            if known is None:
                joined[key] = one
                continue
            known.items = sorted({*known.items, *one.items})
            known.last_sent_at = max(known.last_sent_at, one.last_sent_at)
    return sorted(joined.values(), key=lambda one: one.party)
