"""The SQL of what a graph shows about its items and events."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    text,
)

from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.store import CURRENT, versions
from linkxg.db.bulk import listed, prepare_any
from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number, unindexed
from linkxg.db.join_order import OrderedJoin
from linkxg.network.epcis.documents.model import ItemRole
from linkxg.network.epcis.events.store import event_items, events, items
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.walk_store import counts

_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_i, _ei, _e = items.c, event_items.c, events.c


class ItemRow(NamedTuple):
    id: int
    uri: str
    level: int
    gtin14: str | None
    lot: str | None
    serial: str | None


class EventRow(NamedTuple):
    id: int
    event_id: str
    type: str
    event_time: int
    biz_step: str | None


class ProductName(NamedTuple):
    id: str
    name: str | None


_ITEM_COLUMNS = tuple(_i[name] for name in ItemRow._fields)
_FIND = CompiledStatement(select(*_ITEM_COLUMNS).where(_i.account_id == _ACCOUNT, _i.uri == bindparam("uri")))
_ITEMS = prepare_any_number(_i.id, "items", select(*_ITEM_COLUMNS).where(unindexed(_i.account_id) == _ACCOUNT).where)
_EVENTS = prepare_any_number(
    _e.id, "events", select(*(_e[name] for name in EventRow._fields)).where(unindexed(_e.account_id) == _ACCOUNT).where
)


def find_item(conn: Connection, account_id: str, uri: str) -> ItemRow | None:
    row = _FIND.first(conn, {"account": account_id, "uri": uri})
    return None if row is None else ItemRow._make(row)


def list_items(conn: Connection, account_id: str, item_ids: Iterable[int]) -> list[ItemRow]:
    rows = _ITEMS.all(conn, {"account": account_id, "items": numbered(conn, item_ids)})
    return [*map(ItemRow._make, rows)]


def list_events(conn: Connection, account_id: str, event_ids: Iterable[int]) -> list[EventRow]:
    rows = _EVENTS.all(conn, {"account": account_id, "events": numbered(conn, event_ids)})
    return [*map(EventRow._make, rows)]


def _names() -> CompiledStatement:
    is_current = and_(
        versions.c.account_id == products.c.account_id,
        versions.c.product_id == products.c.id,
        versions.c.version == CURRENT,
    )
    live = (products.c.account_id == _ACCOUNT, text("products.status <> 'ARCHIVED'"))
    joined = OrderedJoin(products, versions, is_current)

    def named(name: ColumnElement[Any]) -> CompiledStatement:
        query = select(products.c.gtin14, products.c.id, name).select_from(joined).where(*live)
        return prepare_any(products.c.gtin14, "gtins", query.where)

    on_sqlite = named(func.json_extract(versions.c.content, literal("$.name")))
    on_postgres = named(cast(versions.c.content, JSON)["name"].as_string())
    on_sqlite.statement = on_postgres.statement
    return on_sqlite


_NAMES = _names()


def list_product_names(conn: Connection, account_id: str, gtins: Iterable[str]) -> dict[str, ProductName]:
    """The account's own products that have these GTINs."""
    rows = _NAMES.all(conn, {"account": account_id, "gtins": listed(conn, [*gtins])})
    return {gtin: ProductName(product_id, name) for gtin, product_id, name in rows}


def _quantities(include_voided: bool) -> CompiledStatement:
    is_made = (_ei.role == literal(int(ItemRole.OUTPUT))) | (
        (_ei.role == literal(int(ItemRole.OBSERVED))) & (_e.action == literal("ADD"))
    )
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id)
    query = select(_ei.item_id, _ei.event_id, _ei.quantity, _ei.uom).select_from(joined)
    roles = _ei.role.in_([literal(int(ItemRole.OBSERVED)), literal(int(ItemRole.OUTPUT))])
    query = query.where(_ei.account_id == _ACCOUNT, roles, _ei.quantity.is_not(None), is_made, counts(include_voided))
    return prepare_any_number(_ei.item_id, "items", query.limit(_ROWS).where)


_QUANTITIES = {voided: _quantities(voided) for voided in (False, True)}


def list_quantities(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[tuple[int, int, float, str | None]]:
    """Up to `rows` (item, event, quantity, unit) of the events that made the items."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    return _QUANTITIES[bounds.include_voided].all(conn, given | bounds.parameters)
