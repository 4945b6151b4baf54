"""The SQL of lists of products: which rows, in which order, and how far a search has come."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Tuple, false, func, literal, or_, select, tuple_

from linkxg.catalog.products.model import ProductFilter, ProductView
from linkxg.catalog.products.store import HEAD, has_sku, products
from linkxg.catalog.products.versions.store import shown_of, with_current_version
from linkxg.runtime.normal_form import normalize

Place = list[Any]
"""Where a row stands in the wanted order: what a cursor holds."""


def list_products(
    conn: Connection, account_id: str, wanted: ProductFilter, *, after: Place | None, until: Place | None, limit: int
) -> list[ProductView]:
    """Products in the wanted order, beyond the place `after` and not beyond `until`."""
    heads = _narrowed(conn, account_id, select(*HEAD), wanted, after, until)
    # The page is cut before its versions are joined: no planner then reads all of them for a few.
    page = heads.order_by(*_order(wanted)).limit(limit).subquery()
    shown = with_current_version(account_id, page)
    ordered = shown.order_by(*(page.c[column.name] for column in _order(wanted)))
    return [shown_of(row) for row in conn.execute(ordered)]


def count_products(
    conn: Connection, account_id: str, wanted: ProductFilter, *, after: Place | None, until: Place | None
) -> int:
    query = _narrowed(conn, account_id, select(func.count()).select_from(products), wanted, after, until)
    return int(conn.execute(query).scalar_one())


def find_horizon(
    conn: Connection, account_id: str, wanted: ProductFilter, *, after: Place | None, rows: int
) -> Place | None:
    """The place of the last row of the next stretch of `rows`; None when fewer are left."""
    query = _in_order(select(*_order(wanted)), account_id, wanted, after).order_by(*_order(wanted))
    row = conn.execute(query.offset(rows - 1).limit(1)).first()
    return None if row is None else list(row)


def is_search(wanted: ProductFilter) -> bool:
    """Whether rows must be looked at that are then left out."""
    if wanted.sku is not None or wanted.gtin14 is not None:
        return False
    by_sku = wanted.sort == "sku" and (wanted.category is not None or wanted.since is not None)
    return wanted.search_key is not None or wanted.status is not None or by_sku


def place(shown: ProductView, wanted: ProductFilter) -> Place:
    """Where it stands in the wanted order."""
    return [getattr(shown.head, column.name) for column in _order(wanted)]


def _order(wanted: ProductFilter) -> list[Column[Any]]:
    return [products.c.sku] if wanted.sort == "sku" else [products.c.updated_at, products.c.id]


def _at(wanted: ProductFilter, place: Place) -> Tuple:
    return tuple_(*(literal(value, column.type) for value, column in zip(place, _order(wanted), strict=True)))


def _in_order(
    query: Select[*tuple[Any, ...]], account_id: str, wanted: ProductFilter, after: Place | None
) -> Select[*tuple[Any, ...]]:
    """With those of the conditions that an index in this order answers."""
    query = query.where(products.c.account_id == account_id)
    if after is not None:
        query = query.where(tuple_(*_order(wanted)) > _at(wanted, after))
    if wanted.sort == "updatedAt":
        query = query.where(*_narrow(wanted))
    return query


def _narrowed(
    conn: Connection,
    account_id: str,
    query: Select[*tuple[Any, ...]],
    wanted: ProductFilter,
    after: Place | None,
    until: Place | None,
) -> Select[*tuple[Any, ...]]:
    """With every condition."""
    query = _in_order(query, account_id, wanted, after)
    if until is not None:
        query = query.where(tuple_(*_order(wanted)) <= _at(wanted, until))
    if wanted.sort == "sku":
        query = query.where(*_narrow(wanted))
    if wanted.status is not None:
        query = query.where(products.c.status == wanted.status)
    if wanted.sku is not None:
        query = query.where(has_sku(wanted.sku))
    if wanted.gtin14 is not None:
        # Looked up beforehand: a planner that sees a subquery walks through the whole order instead.
        ids = _ids_with_gtin(conn, account_id, wanted.gtin14)
        query = query.where(products.c.id.in_(ids) if ids else false())
    if wanted.search_key is not None:
        query = query.where(_contains(wanted.search_key))
    return query


def _contains(key: str) -> ColumnElement[bool]:
    """Keys that were stored before they were kept in NFC may be decomposed."""
    forms = dict.fromkeys((key, normalize("NFD", key)))
    return or_(*(products.c.search_key.contains(form, autoescape=True) for form in forms))


def _narrow(wanted: ProductFilter) -> list[ColumnElement[bool]]:
    found = []
    if wanted.category is not None:
        found.append(products.c.category == wanted.category)
    if wanted.since is not None:
        found.append(products.c.updated_at >= wanted.since)
    return found


def _ids_with_gtin(conn: Connection, account_id: str, gtin14: str) -> list[str]:
    """Of the product that has this GTIN and of archived ones that had it; each half has an index of its own."""
    query = select(products.c.id).where(products.c.account_id == account_id, products.c.gtin14 == gtin14)
    halves = (query.where(products.c.status != "ARCHIVED"), query.where(products.c.status == "ARCHIVED"))
    return [id for half in halves for id in conn.execute(half).scalars()]
