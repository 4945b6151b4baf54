"""Items of several accounts that have one identifier, and what of partners' events a viewer may walk."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.network.traceability import partner_store
from linkxg.network.traceability.describe_store import ItemRow, list_items


class Face(NamedTuple):
    """An item as an account knows it; `tiers` is how far a share lets the viewer go on from it."""

    account_id: str
    item_id: int
    level: int
    tiers: int


class Faces:
    """Of one walk. An item is identified by its URI; the first that was found stands for all."""

    def __init__(self, viewer_id: str, owners: dict[str, str], now: int) -> None:
        self._viewer_id, self.owners, self._now = viewer_id, owners, now
        self.rows: dict[int, ItemRow] = {}
        self.account_of: dict[int, str] = {}
        self._node_of: dict[int, int] = {}
        self._by_uri: dict[str, int] = {}
        self._own_by_uri: dict[str, int] = {}
        self._looked_up: set[str] = set()
        self._tiers: dict[str, dict[str, int]] = {}
        self._with_items: dict[str, set[str]] = {}
        self._products: dict[tuple[str, str], set[str]] = {}

    @property
    def has_partners(self) -> bool:
        """Whether an item of a partner has been read."""
        return len(self._own_by_uri) < len(self.rows)

    @property
    def entered(self) -> set[str]:
        """The partners whose items have been read."""
        return set(self.account_of.values()) - {self._viewer_id}

    def products_read(self) -> dict[str, list[str]]:
        """The products of partners whose events have been read, by partner."""
        found: dict[str, set[str]] = {}
        for item_id, row in self.rows.items():
            owner_id = self.account_of[item_id]
            found.setdefault(owner_id, set()).update(self._products.get((row.gtin14 or "", owner_id), ()))
        return {owner_id: sorted(products) for owner_id, products in found.items() if products}

    def node_of(self, item_id: int) -> int:
        return self._node_of[item_id]

    def own_items(self, nodes: Iterable[int]) -> dict[int, int]:
        """The viewer's own items among these nodes, by node: also of one that a partner's event has reached first."""
        if not self.has_partners:
            return {node: node for node in nodes}
        found = ((node, self._own_by_uri.get(self.rows[node].uri)) for node in nodes)
        return {node: item_id for node, item_id in found if item_id is not None}

    def own_item_of(self, item_id: int) -> int | None:
        """The viewer's own item with the identifier of this one."""
        return self._own_by_uri.get(self.rows[item_id].uri)

    def learn_own(self, conn: Connection, nodes: Iterable[int]) -> None:
        """Read which of these nodes are items of the viewer, too."""
        rows = (self.rows[node] for node in nodes)
        if unknown := [row.uri for row in rows if row.uri not in self._looked_up]:
            self._looked_up.update(unknown)
            self._keep(self._viewer_id, partner_store.list_items_by_uri(conn, self._viewer_id, unknown))

    def learn(self, conn: Connection, account_id: str, item_ids: Iterable[int]) -> None:
        """Read the identifiers of items before they are added to the graph."""
        if unknown := [item_id for item_id in item_ids if item_id not in self.rows]:
            self._keep(account_id, list_items(conn, account_id, unknown))

    def is_shared_by(self, gtin14: str | None, account_id: str) -> bool:
        """Whether a share lets the viewer walk this partner's events about a GTIN; known of all items of the graph."""
        return account_id in self._tiers.get(gtin14 or "", {})

    def is_unchanged(self, conn: Connection, now: int) -> bool:
        """Whether the shares by which partners' events were read are still those."""
        owners = partner_store.list_owners(conn, self._viewer_id, now).names
        again = Faces(self._viewer_id, owners, now)
        again._read_shares(conn, self._tiers)
        return owners == self.owners and again._tiers == self._tiers

    def list_faces(self, conn: Connection, nodes: Iterable[int]) -> list[Face]:
        """What the viewer and partners know of these nodes, as far as live shares let the viewer walk it."""
        rows = [self.rows[node] for node in nodes]
        gtins = {row.gtin14 for row in rows if row.gtin14 is not None}
        if unknown := gtins - self._tiers.keys():
            self._read_shares(conn, unknown)
        if not self.has_partners and self._with_items.keys().isdisjoint(gtins):
            return []
        wanted: dict[str, list[str]] = {}
        for row in rows:
            if self.account_of[row.id] != self._viewer_id:
                wanted.setdefault(self._viewer_id, []).append(row.uri)
            for owner_id in self._with_items.get(row.gtin14 or "", ()):
                wanted.setdefault(owner_id, []).append(row.uri)
        found = []
        for account_id, uris in wanted.items():
            known = partner_store.list_items_by_uri(conn, account_id, uris)
            self._keep(account_id, known)
            found += [Face(account_id, row.id, row.level, self._tiers_of(row, account_id)) for row in known]
        return found

    def _read_shares(self, conn: Connection, gtins: Collection[str]) -> None:
        self._tiers.update((gtin, {}) for gtin in gtins)
        for shared in partner_store.list_shared_gtins(conn, self._viewer_id, self.owners, gtins, self._now):
            tiers = self._tiers[shared.gtin14]
            tiers[shared.owner_id] = max(shared.tiers, tiers.get(shared.owner_id, 0))
            if shared.has_items:
                self._with_items.setdefault(shared.gtin14, set()).add(shared.owner_id)
            self._products.setdefault((shared.gtin14, shared.owner_id), set()).add(shared.product_id)

    def _tiers_of(self, row: ItemRow, account_id: str) -> int:
        return self._tiers.get(row.gtin14 or "", {}).get(account_id, 0)

    def _keep(self, account_id: str, rows: Iterable[ItemRow]) -> None:
        for row in rows:
            self.rows[row.id] = row
            self.account_of[row.id] = account_id
            self._node_of[row.id] = self._by_uri.setdefault(row.uri, row.id)
            if account_id == self._viewer_id:
                self._own_by_uri[row.uri] = row.id
