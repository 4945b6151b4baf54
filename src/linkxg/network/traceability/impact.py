"""Reads what a recall of an item concerns: everything made of it, whose products these are, and who received them."""

from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.clock import now_ms, rfc3339
from linkxg.http.long_answer import LongAnswer
from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds
from linkxg.network.traceability.find_impact import FoundImpact, find_impact
from linkxg.network.traceability.model import (
    AffectedItem,
    AffectedProduct,
    ClaimedItem,
    Impact,
    Owner,
    Quantity,
    Recipient,
)
from linkxg.network.traceability.read_graph import TraceReader, count_partner_reads, is_still_shared, read_settled
from linkxg.network.traceability.tombstones import gln_of
from linkxg.network.traceability.view_graph import GRANULARITIES, rfc3339_as_of, stats_of
from linkxg.network.traceability.walk_result import WalkLimits

MAX_RECIPIENT_ITEMS = 20_000
"""Items that the recipients of an answer have together."""


async def read_impact(
    reader: TraceReader,
    account_id: str,
    uri: str,
    bounds: Bounds,
    limits: WalkLimits,
    answer: LongAnswer | None = None,
) -> Impact:
    """Raises NotFound, and the errors of `read_settled`."""

    def unit(conn: Connection) -> FoundImpact | None:
        return find_impact(conn, account_id, uri, bounds, limits, now_ms())

    found = await read_settled(reader, answer, lambda conn, one, now: is_still_shared(conn, one.faces, now), unit)
    count_partner_reads(reader, account_id, found.faces)
    recipients, is_whole = _recipients(found)
    items = [_item(found, item_id) for item_id in found.walk.depths]
    items.sort(key=lambda item: (item.depth, item.id))
    return Impact(
        found.items[found.root].uri,
        rfc3339_as_of(bounds.as_of),
        items,
        _products(found),
        recipients,
        stats_of([item.depth for item in items], [edge.event_id for edge in set(found.walk.edges)]),
        found.walk.is_truncated or not found.is_complete or not is_whole,
        _claims(found),
        found.are_claims_cut,
    )


def _claims(found: FoundImpact) -> list[ClaimedItem]:
    names = found.faces.owners if found.faces else {}
    return [
        ClaimedItem(
            claim.item.uri,
            claim.item.gtin14,
            claim.item.lot,
            claim.item.serial,
            GRANULARITIES[claim.item.level],
            claim.depth,
            Owner(claim.owner_id, names[claim.owner_id]),
            claim.is_known,
        )
        for claim in found.claims
    ]


def _item(found: FoundImpact, item_id: int) -> AffectedItem:
    row = found.items[item_id]
    product = found.names.get(row.gtin14 or "")
    return AffectedItem(
        row.uri,
        row.gtin14,
        row.lot,
        row.serial,
        GRANULARITIES[row.level],
        found.walk.depths[item_id],
        product.id if product else None,
        _quantity(found, item_id),
        *(found.whereabouts[item_id] if found.whereabouts is not None else (None, None, None)),
    )


def _quantity(found: FoundImpact, item_id: int) -> Quantity | None:
    quantity = found.quantities.get(item_id)
    return Quantity(*quantity) if quantity else None


def _products(found: FoundImpact) -> list[AffectedProduct]:
    counts: dict[str, list[int]] = {}
    quantities: dict[str, list[Quantity | None]] = {}
    for item_id in found.walk.depths:
        row = found.items[item_id]
        if row.gtin14 is not None:
            count = counts.setdefault(row.gtin14, [0, 0])
            if row.level != Level.CLASS:
                count[row.level == Level.INSTANCE] += 1
            quantities.setdefault(row.gtin14, []).append(_quantity(found, item_id))
    names = found.names
    return [
        AffectedProduct(
            gtin,
            names[gtin].id if gtin in names else None,
            names[gtin].name if gtin in names else None,
            lots,
            serials,
            sum_quantities(quantities[gtin]),
        )
        for gtin, (lots, serials) in sorted(counts.items())
    ]


def sum_quantities(quantities: Iterable[Quantity | None]) -> Quantity | None:
    """None if there are none, or several units."""
    sums: dict[str | None, float] = {}
    for one in quantities:
        if one is not None:
            sums[one.unit] = sums.get(one.unit, 0.0) + one.value
    return next((Quantity(value, unit) for unit, value in sums.items()), None) if len(sums) == 1 else None


def _recipients(found: FoundImpact) -> tuple[list[Recipient], bool]:
    """Parties in the order of their URIs, and whether all of their items are listed."""
    partners = found.parties
    by_party: dict[str, dict[str, int]] = {}
    latest: dict[str, int] = {}
    for item_id, row in found.sent:
        gln = gln_of(row.party)
        if gln is not None and gln == found.own_gln:
            continue
        uri = found.items[item_id].uri
        by_party.setdefault(row.party, {})[uri] = 1
        latest[row.party] = max(row.event_time, latest.get(row.party, EARLIEST_MS))
    recipients, left = [], MAX_RECIPIENT_ITEMS
    for party, items in sorted(by_party.items()):
        partner = partners.known.get(gln_of(party) or "")
        if partner is not None and partner.status != "ACTIVE":
            partner = None
        recipients.append(
            Recipient(
                party,
                gln_of(party),
                partner.id if partner else None,
                Owner(partner.partner_id, partner.name) if partner else None,
                sorted(items)[: max(left, 0)],
                len(items),
                rfc3339(latest[party]),
                gln_of(party) in partners.contested,
            )
        )
        left -= len(items)
    return recipients, left >= 0
