"""The SQL of lists of products: filters, order, and the horizon of a search."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Tuple, false, func, literal, or_, select, tuple_

from linkxg.catalog.products.model import ProductFilter, ProductView
from linkxg.catalog.products.store import RECORD_COLUMNS, has_sku, products
from linkxg.catalog.products.versions.store import product_view_of, with_current_version
from linkxg.runtime.normal_form import normalize

Position = list[Any]
"""The sort key of a row in the order of a list; the content of a cursor."""


def list_products(
    conn: Connection,
    account_id: str,
    criteria: ProductFilter,
    *,
    after: Position | None,
    until: Position | None,
    limit: int,
) -> list[ProductView]:
    """Products in order, after the position `after` and up to `until`."""
    heads = _filtered(conn, account_id, select(*RECORD_COLUMNS), criteria, after, until)
    # The limit applies before the join, so that no planner reads the versions of all products.
    page = heads.order_by(*_order(criteria)).limit(limit).subquery()
    shown = with_current_version(account_id, page)
    ordered = shown.order_by(*(page.c[column.name] for column in _order(criteria)))
    return [product_view_of(row) for row in conn.execute(ordered)]


def count_products(
    conn: Connection, account_id: str, criteria: ProductFilter, *, after: Position | None, until: Position | None
) -> int:
    query = _filtered(conn, account_id, select(func.count()).select_from(products), criteria, after, until)
    return int(conn.execute(query).scalar_one())


def find_horizon(
    conn: Connection, account_id: str, criteria: ProductFilter, *, after: Position | None, rows: int
) -> Position | None:
    """The position of the last of the next `rows` rows; None if fewer remain."""
    query = _in_order(select(*_order(criteria)), account_id, criteria, after).order_by(*_order(criteria))
    row = conn.execute(query.offset(rows - 1).limit(1)).first()
    return None if row is None else list(row)


def is_search(criteria: ProductFilter) -> bool:
    """Whether rows have to be scanned that do not match."""
    if criteria.sku is not None or criteria.gtin14 is not None:
        return False
    by_sku = criteria.sort == "sku" and (criteria.category is not None or criteria.since is not None)
    return criteria.search_key is not None or criteria.status is not None or by_sku


def position_of(shown: ProductView, criteria: ProductFilter) -> Position:
    return [getattr(shown.head, column.name) for column in _order(criteria)]


def _order(criteria: ProductFilter) -> list[Column[Any]]:
    return [products.c.sku] if criteria.sort == "sku" else [products.c.updated_at, products.c.id]


def _at(criteria: ProductFilter, place: Position) -> Tuple:
    return tuple_(*(literal(value, column.type) for value, column in zip(place, _order(criteria), strict=True)))


def _in_order(
    query: Select[*tuple[Any, ...]], account_id: str, criteria: ProductFilter, after: Position | None
) -> Select[*tuple[Any, ...]]:
    """The query with the conditions that an index in this order supports."""
    query = query.where(products.c.account_id == account_id)
    if after is not None:
        query = query.where(tuple_(*_order(criteria)) > _at(criteria, after))
    if criteria.sort == "updatedAt":
        query = query.where(*_indexed_filters(criteria))
    return query


def _filtered(
    conn: Connection,
    account_id: str,
    query: Select[*tuple[Any, ...]],
    criteria: ProductFilter,
    after: Position | None,
    until: Position | None,
) -> Select[*tuple[Any, ...]]:
    query = _in_order(query, account_id, criteria, after)
    if until is not None:
        query = query.where(tuple_(*_order(criteria)) <= _at(criteria, until))
    if criteria.sort == "sku":
        query = query.where(*_indexed_filters(criteria))
    if criteria.status is not None:
        query = query.where(products.c.status == criteria.status)
    if criteria.sku is not None:
        query = query.where(has_sku(criteria.sku))
    if criteria.gtin14 is not None:
        # Looked up first: with a subquery, the planner would scan the index of the order instead.
        ids = _ids_with_gtin(conn, account_id, criteria.gtin14)
        query = query.where(products.c.id.in_(ids) if ids else false())
    if criteria.search_key is not None:
        query = query.where(_contains(criteria.search_key))
    return query


def _contains(key: str) -> ColumnElement[bool]:
    """Search keys that were stored before NFC was required may be decomposed."""
    forms = dict.fromkeys((key, normalize("NFD", key)))
    return or_(*(products.c.search_key.contains(form, autoescape=True) for form in forms))


def _indexed_filters(criteria: ProductFilter) -> list[ColumnElement[bool]]:
    found = []
    if criteria.category is not None:
        found.append(products.c.category == criteria.category)
    if criteria.since is not None:
        found.append(products.c.updated_at >= criteria.since)
    return found


def _ids_with_gtin(conn: Connection, account_id: str, gtin14: str) -> list[str]:
    """The product with this GTIN and archived ones; each half has its own partial index."""
    query = select(products.c.id).where(products.c.account_id == account_id, products.c.gtin14 == gtin14)
    halves = (query.where(products.c.status != "ARCHIVED"), query.where(products.c.status == "ARCHIVED"))
    return [id for half in halves for id in conn.execute(half).scalars()]
