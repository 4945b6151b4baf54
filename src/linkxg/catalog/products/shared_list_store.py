"""The SQL of lists of shared products, in the order of their owner and id, which no draft changes.

Products that are shared one by one are read in the order of an index. Of those who share everything, or categories, the
next owners are looked up one by one, and of each no more products than a page has.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union,
)

from linkxg.catalog.products.share_store import NOW, VIEWER, is_live, shares, visible_to
from linkxg.catalog.products.shared_model import LAST, SharedPosition
from linkxg.catalog.products.store import products
from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin
from linkxg.db.schema import Sequence as Number

_OWNER, _AFTER, _LIMIT = (
    bindparam("owner", type_=String),
    bindparam("after", type_=String),
    bindparam("limit", type_=Number),
)
_ONLY = bindparam("last_owner", type_=String)
# How many of those who share everything, and of those who share categories, are looked up.
_OWNERS = bindparam("owners", type_=Number)
_is_published = products.c.latest_version.is_not(None)


def _live(type: str | None) -> ColumnElement[bool]:
    of_type = () if type is None else (shares.c.type == type,)
    return and_(shares.c.viewer_id == VIEWER, is_live(NOW), shares.c.account_id <= _ONLY, *of_type)


def _owners(name: str, type: str | None, count: Any = None) -> CTE:
    """Those who share so with the viewer, from the owner on: each is one step in an index."""
    least = func.min(shares.c.account_id)
    first = select(least.label("owner"), literal(1, Number).label("place")).where(
        _live(type), shares.c.account_id >= _OWNER
    )
    found = first.cte(name, recursive=True)
    following = select(least).where(_live(type), shares.c.account_id > found.c.owner).scalar_subquery()
    step = select(following, found.c.place + 1).where(found.c.owner.is_not(None))
    return found.union_all(step if count is None else step.where(found.c.place < count))


def _page_of(owner: ColumnElement[str], size: int, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that a product is among the next ones of its owner."""
    begin = case((owner == _OWNER, _AFTER), else_="")
    inner = products.alias()
    on_inner = [inner.c.account_id == owner, inner.c.id > begin, inner.c.latest_version.is_not(None)]
    on_inner += [inner.c.category == shares.c.category] if conditions else []
    last = (
        select(inner.c.id)
        .where(*on_inner)
        .order_by(inner.c.id)
        .offset(_number(size - 1))
        .limit(_number(1))
        .scalar_subquery()
    )
    of_owner = and_(products.c.account_id == owner, products.c.id > begin, _is_published, *conditions)
    return and_(of_owner, products.c.id <= func.coalesce(last, literal_column(f"'{LAST}'")))


def _one_by_one(size: int) -> Select[*tuple[Any, ...]]:
    key = (shares.c.account_id, shares.c.product_id)
    same = (products.c.account_id == shares.c.account_id) & (products.c.id == shares.c.product_id)
    # Not a join, which PostgreSQL may run for all shares and sort, instead of a page in the order of the index.
    latest = select(products.c.latest_version).where(same).scalar_subquery()
    found = select(shares.c.account_id.label("owner"), shares.c.product_id.label("id"))
    found = found.where(_live("PRODUCT"), shares.c.account_id >= _OWNER, tuple_(*key) > tuple_(_OWNER, _AFTER))
    page = found.where(latest.is_not(None)).group_by(*key).order_by(*key).limit(_number(size)).subquery("one_by_one")
    return select(page.c.owner, page.c.id)


def _ends(owners: CTE) -> Select[*tuple[Any, ...]]:
    """The place up to which a list is complete, if there may be further owners."""
    return select(owners.c.owner, literal_column(f"'{LAST}'").label("id")).where(
        owners.c.place == _OWNERS, owners.c.owner.is_not(None)
    )


def next_keys(size: int) -> Select[*tuple[Any, ...]]:
    """(owner, id) of the next products, up to the parameter `limit`, which `size` bounds for the planner.

    PostgreSQL plans the statement once for all parameters, and estimates a limit that is a parameter at a tenth of
    everything; so the limits of the parts stand in the statement. The values are those of `page_values`.
    """
    of_all, of_category = _owners("of_all", "ALL", _OWNERS), _owners("of_category", "CATEGORY", _OWNERS)
    of_owner = and_(shares.c.viewer_id == VIEWER, shares.c.type == "CATEGORY", is_live(NOW))
    of_owner = and_(of_owner, shares.c.account_id == of_category.c.owner)
    in_category = products.c.category == shares.c.category
    found = union(
        _one_by_one(size),
        select(of_all.c.owner, products.c.id).join_from(of_all, products, _page_of(of_all.c.owner, size)),
        select(of_category.c.owner, products.c.id).select_from(
            OrderedJoin(of_category, shares, of_owner).then(products, _page_of(of_category.c.owner, size, in_category))
        ),
        _ends(of_all),
        _ends(of_category),
    ).subquery("found")
    first = select(found.c.owner, found.c.id).order_by(found.c.owner, found.c.id).limit(_number(size)).subquery("first")
    return select(first.c.owner, first.c.id).order_by(first.c.owner, first.c.id).limit(_LIMIT)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Number)


def _with_gtin() -> Select[*tuple[Any, ...]]:
    owners = _owners("owners", None)
    # Work, pages and cursors depend on nothing that the viewer does not see.
    is_visible = select(literal(1)).select_from(shares).where(visible_to(VIEWER, NOW)).correlate(products).exists()
    has_gtin = (products.c.account_id == owners.c.owner, products.c.gtin14 == bindparam("gtin"), is_visible)
    # Each half has its own partial index.
    halves = (
        select(products.c.account_id.label("owner"), products.c.id).join_from(
            owners, products, and_(*has_gtin, of_half)
        )
        for of_half in (products.c.status != "ARCHIVED", products.c.status == "ARCHIVED")
    )
    found = union(*halves).subquery("found")
    after = tuple_(found.c.owner, found.c.id) > tuple_(_OWNER, _AFTER)
    return select(found.c.owner, found.c.id).where(after).order_by(found.c.owner, found.c.id).limit(_LIMIT)


_WITH_GTIN = CompiledStatement(_with_gtin())


def list_shared_keys_with_gtin(
    conn: Connection, viewer_id: str, after: SharedPosition, now: int, limit: int, *, owner_id: str | None, gtin14: str
) -> list[SharedPosition]:
    """The next products with this GTIN that the viewer sees."""
    values = page_values(viewer_id, after, now, limit, owner_id) | {"gtin": gtin14}
    return [SharedPosition._make(row) for row in _WITH_GTIN.all(conn, values)]


def page_values(viewer_id: str, after: SharedPosition, now: int, limit: int, owner_id: str | None) -> dict[str, Any]:
    # Any longer text is after the owner, and before the next one.
    owner, product_id = (f"{after.owner_id}0", "") if after.ends_owner else after
    if owner_id is not None and owner < owner_id:
        owner, product_id = owner_id, ""
    return {
        "viewer": viewer_id, "now": now, "owner": owner, "after": product_id, "limit": limit,
        "last_owner": owner_id or LAST,
    }  # fmt: skip
