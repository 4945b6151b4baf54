"""Finds what a recall of an item concerns, in own events; what partners say is made of it are claims beside it.

An item that a partner claims is taken for affected if own events say that it came from that partner.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability import describe_store, party_store
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds
from linkxg.network.traceability.claims import PartnerClaim, PartnerWalks
from linkxg.network.traceability.containment import Stays, list_stays
from linkxg.network.traceability.describe_store import ItemRow, ProductName
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.find_graph import list_lot_quantities
from linkxg.network.traceability.partner_store import list_owners
from linkxg.network.traceability.party_store import PartyRow
from linkxg.network.traceability.tombstones import MAX_PARTY_ROWS, Parties, connections_by_gln, gln_of
from linkxg.network.traceability.walk_result import Walk, WalkLimits
from linkxg.network.traceability.way import Way
from linkxg.network.traceability.whereabouts import Whereabouts, list_whereabouts


class FoundImpact(NamedTuple):
    """Rows of the own items of a walk, by their ids, and what partners claim."""

    root: int
    walk: Walk
    items: Mapping[int, ItemRow]
    names: Mapping[str, ProductName]
    quantities: Mapping[int, tuple[float, str | None]]
    claims: list[PartnerClaim]
    are_claims_cut: bool
    faces: Faces | None
    sent: list[tuple[int, PartyRow]]
    """(affected item, a destination of it or of its container)."""
    parties: Parties
    own_gln: str | None
    is_complete: bool
    whereabouts: Mapping[int, Whereabouts] | None


def find_impact(
    conn: Connection, account_id: str, uri: str, bounds: Bounds, limits: WalkLimits, now: int
) -> FoundImpact | None:
    """None if no event of the account is about the item."""
    root = describe_store.find_item(conn, account_id, uri)
    if root is None:
        return None
    parties = connections_by_gln(party_store.list_connections(conn, account_id))
    search = _Search(conn, account_id, bounds, limits, parties)
    owners = list_owners(conn, account_id, now)
    if owners.names:
        faces = Faces(account_id, owners.names, now)
        search.partners = PartnerWalks(conn, account_id, bounds, limits, faces)
    search.run(root)
    walk, partners = search.walk, search.partners
    walk.is_cut_short = walk.is_cut_short or owners.are_cut
    items = {row.id: row for row in describe_store.list_items(conn, account_id, walk.depths)}
    claims = partners.list_claims(walk.depths) if partners else []
    gtins = {row.gtin14 for row in items.values() if row.gtin14 is not None}
    lots = {row.id: row.id for row in items.values() if row.level == Level.LOT}
    quantities = list_lot_quantities(conn, account_id, lots, bounds)
    stays = list_stays(conn, account_id, items, bounds)
    sent, is_complete = _list_sent(conn, account_id, items, stays, bounds)
    return FoundImpact(
        root.id,
        walk,
        items,
        describe_store.list_product_names(conn, account_id, gtins) if gtins else {},
        quantities or {},
        claims,
        search.is_unsure or (partners is not None and partners.is_cut_short),
        partners.faces if partners else None,
        sent,
        parties,
        party_store.find_gln(conn, account_id),
        is_complete and quantities is not None,
        list_whereabouts(conn, account_id, items, stays.found, bounds) if stays.is_complete else None,
    )


class _Search:
    """Own events first, with their own limits; then those of partners; then own events of what these confirm."""

    def __init__(self, conn: Connection, account_id: str, bounds: Bounds, limits: WalkLimits, parties: Parties) -> None:
        self.walk = Walk(conn, bounds, limits)
        self.partners: PartnerWalks | None = None
        self.is_unsure = False
        """Whether own events about claimed items were left unread."""
        self._conn, self._account_id, self._bounds, self._parties = conn, account_id, bounds, parties
        self._way = Way(self.walk, "downstream", account_id, is_own=True)
        self._checked: set[tuple[int, str]] = set()

    def run(self, root: ItemRow) -> None:
        begins = {root.id: (root.level, 0)}
        while begins:
            before = set(self.walk.depths)
            self._walk_own(begins)
            if self.partners is None:
                break
            self.partners.extend({one: depth for one, depth in self.walk.depths.items() if one not in before})
            begins = self._list_confirmed(self.partners)
        self.walk.mark_cuts()

    def _walk_own(self, begins: dict[int, tuple[int, int]]) -> None:
        walk, way = self.walk, self._way.again()
        by_depth: dict[int, list[tuple[int, int]]] = {}
        for item_id, (level, depth) in begins.items():
            by_depth.setdefault(depth, []).append((item_id, level))
        for depth in range(min(by_depth), walk.limits.depth + 1):
            for item_id, level in by_depth.get(depth, ()):
                if walk.find(item_id, depth):
                    way.add(item_id, level)
                else:
                    walk.is_cut_short = True
            if depth < walk.limits.depth and not walk.is_full and way.frontier:
                way.step(depth + 1)
        walk.last_steps.append(way.mark_cut)

    def _list_confirmed(self, partners: PartnerWalks) -> dict[int, tuple[int, int]]:
        """Level and depth of the items that own events say came from the partner who claims them."""
        claimants = partners.list_claimants(self.walk.depths)
        unchecked = {
            item_id: depths
            for item_id, depths in claimants.items()
            if any((item_id, partner_id) not in self._checked for partner_id in depths)
        }
        if not unchecked:
            return {}
        self._checked |= {(item_id, one) for item_id, depths in unchecked.items() for one in depths}
        args = (self._conn, self._account_id, "upstream", unchecked, self._bounds._replace(since=EARLIEST_MS))
        rows = party_store.list_parties(*args, rows=MAX_PARTY_ROWS)  # type: ignore[arg-type]
        self.is_unsure = self.is_unsure or len(rows) >= MAX_PARTY_ROWS
        found: dict[int, tuple[int, int]] = {}
        for row in rows:
            source = self._parties.known.get(gln_of(row.party) or "")
            if source is None or source.status != "ACTIVE":
                continue
            depth = unchecked[row.item_id].get(source.partner_id)
            if depth is not None and (row.item_id not in found or depth < found[row.item_id][1]):
                found[row.item_id] = partners.faces.rows[row.item_id].level, depth
        return found


def _list_sent(
    conn: Connection, account_id: str, items: Mapping[int, ItemRow], stays: Stays, bounds: Bounds
) -> tuple[list[tuple[int, PartyRow]], bool]:
    """Destinations of the items and of containers while they were in them, and whether these are all."""
    wanted = {*items, *(stay.container_id for stay in stays.found)}
    args = (conn, account_id, "downstream", wanted, bounds._replace(since=EARLIEST_MS))
    parties = party_store.list_parties(*args, rows=MAX_PARTY_ROWS)  # type: ignore[arg-type]
    by_item: dict[int, list[PartyRow]] = {}
    for row in parties:
        by_item.setdefault(row.item_id, []).append(row)
    sent = [(item_id, row) for item_id in items for row in by_item.get(item_id, ())]
    sent += [
        (stay.origin, row)
        for stay in stays.found
        for row in by_item.get(stay.container_id, ())
        if stay.since <= row.event_time <= stay.until
    ]
    return sent, stays.is_complete and len(parties) < MAX_PARTY_ROWS
