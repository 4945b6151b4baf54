"""The SQL of events that partners share, all of it by the clause `visible_to`."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Integer, String, bindparam, case, literal, select, text

from linkxg.catalog.products.share_store import NOW, VIEWER, is_live, shares, visible_to
from linkxg.catalog.products.store import products
from linkxg.db.bulk import is_any, listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin
from linkxg.identity.accounts.store import accounts
from linkxg.network.epcis.events.store import items
from linkxg.network.traceability.describe_store import ItemRow

MAX_OWNERS = 500
"""Partners whose events one walk goes on in."""
_s, _p, _i = shares.c, products.c, items.c


class Owners(NamedTuple):
    """Partners by their ids, with their names; `are_cut` says that there are more than MAX_OWNERS."""

    names: dict[str, str]
    are_cut: bool


class SharedGtin(NamedTuple):
    """A product whose events a live share lets the viewer see, and how far it lets them go on."""

    gtin14: str
    owner_id: str
    tiers: int
    product_id: str
    has_items: int
    """Whether any event of the owner is about an item with the GTIN."""


def _owners(*traceability: str) -> CompiledStatement:
    shown = _s.traceability.in_([literal(one) for one in traceability])
    joined = OrderedJoin(shares, accounts, accounts.c.id == _s.account_id)
    query = select(accounts.c.id, accounts.c.name).select_from(joined).distinct()
    # In order: the same ones are found when the shares are checked again.
    query = query.where(_s.viewer_id == VIEWER, is_live(NOW), shown).order_by(accounts.c.id)
    return CompiledStatement(query.limit(bindparam("most", type_=Integer)))


def _shared_gtins(*traceability: str) -> CompiledStatement:
    shown = _s.traceability.in_([literal(one) for one in traceability])
    joined = OrderedJoin(products, shares, visible_to(VIEWER, NOW))
    # In the order of the index: where most items have one GTIN, PostgreSQL would expect one at once, and read all
    # items for an account that has none.
    of_gtin = select(_i.id).where(_i.account_id == _p.account_id, _i.gtin14 == _p.gtin14)
    has_items = of_gtin.order_by(_i.gtin14, _i.lot, _i.serial).limit(literal(1)).scalar_subquery().is_not(None)
    shown_columns = (_p.gtin14, _p.account_id, _s.trace_tiers, _p.id, case((has_items, 1), else_=0))
    query = select(*shown_columns).select_from(joined)
    query = query.where(text("products.status <> 'ARCHIVED'"), shown)
    of_owners, of_gtins = is_any(_p.account_id, "owners"), is_any(_p.gtin14, "gtins")
    return CompiledStatement(*(query.where(*conditions) for conditions in zip(of_owners, of_gtins, strict=True)))


_OWNERS = {"GRAPH": _owners("GRAPH"), "EVENTS": _owners("GRAPH", "EVENTS")}
_GTINS = {"GRAPH": _shared_gtins("GRAPH"), "EVENTS": _shared_gtins("GRAPH", "EVENTS")}
_BY_URI = prepare_any(
    _i.uri,
    "uris",
    select(*(_i[name] for name in ItemRow._fields)).where(_i.account_id == bindparam("account", type_=String)).where,
)


def list_owners(conn: Connection, viewer_id: str, now: int, traceability: str = "GRAPH") -> Owners:
    """Partners with a live share for the viewer that has this traceability or more."""
    rows = _OWNERS[traceability].all(conn, {"viewer": viewer_id, "now": now, "most": MAX_OWNERS + 1})
    return Owners(dict(rows[:MAX_OWNERS]), len(rows) > MAX_OWNERS)


def list_shared_gtins(
    conn: Connection,
    viewer_id: str,
    owners: Collection[str],
    gtins: Collection[str],
    now: int,
    traceability: str = "GRAPH",
) -> list[SharedGtin]:
    """One for each live share by which the viewer sees the events of the owner's product."""
    if not owners or not gtins:
        return []
    lists = {"owners": listed(conn, [*owners]), "gtins": listed(conn, [*gtins])}
    rows = _GTINS[traceability].all(conn, {"viewer": viewer_id, "now": now, **lists})
    return [*map(SharedGtin._make, rows)]


def list_items_by_uri(conn: Connection, account_id: str, uris: Iterable[str]) -> list[ItemRow]:
    rows = _BY_URI.all(conn, {"account": account_id, "uris": listed(conn, [*uris])})
    return [*map(ItemRow._make, rows)]
