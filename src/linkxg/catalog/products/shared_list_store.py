"""The SQL of lists of shared products, in the order of their owner and id, which no draft changes.

A small page is one statement, with the contents; for larger ones, and searches, places alone are found. Products that
are shared one by one are read in the order of an index. Of those who share everything, or categories, the next owners
are looked up one by one, and of each, or of each category, no more products than a page has.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Join,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union,
)

from linkxg.catalog.products.share_store import NOW, VIEWER, is_live, shares, visible_to
from linkxg.catalog.products.shared_model import (
    LAST,
    SEARCHED,
    SMALL_PAGE,
    SearchRow,
    SharedPosition,
    SharedProductView,
)
from linkxg.catalog.products.shared_store import (
    is_owner,
    live_share,
    same_version,
    shared_view_of,
    view_columns,
)
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.store import versions
from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin
from linkxg.db.schema import Sequence as Number
from linkxg.identity.accounts.store import accounts

_OWNER, _AFTER, _LIMIT = (
    bindparam("owner", type_=String),
    bindparam("after", type_=String),
    bindparam("limit", type_=Number),
)
_ONLY = bindparam("last_owner", type_=String)
# How many of those who share everything, and of those who share categories, are looked up.
_OWNERS = bindparam("owners", type_=Number)
_LARGE_PAGE = 201
"""What the parts of a large page are limited to. PostgreSQL plans a statement once for all parameters, and estimates a
limit that is a parameter at a tenth of everything: so this number and SMALL_PAGE stand in the statements."""
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


def _page_of(
    owner: ColumnElement[str], size: int, category: ColumnElement[str | None] | None = None
) -> ColumnElement[bool]:
    """The condition that a product is among the next ones of its owner, or of one category of theirs."""
    begin = case((owner == _OWNER, _AFTER), else_="")
    inner = products.alias()
    on_inner = [inner.c.account_id == owner, inner.c.id > begin, inner.c.latest_version.is_not(None)]
    on_inner += [] if category is None else [inner.c.category == category]
    of_category = [] if category is None else [products.c.category == category]
    last = (
        select(inner.c.id)
        .where(*on_inner)
        .order_by(inner.c.id)
        .offset(_number(size - 1))
        .limit(_number(1))
        .scalar_subquery()
    )
    of_owner = and_(products.c.account_id == owner, products.c.id > begin, _is_published, *of_category)
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


def _categories(owners: CTE) -> Subquery:
    """The categories that these owners share, each once however many shares there are of it."""
    of_owner = and_(shares.c.viewer_id == VIEWER, shares.c.type == "CATEGORY", is_live(NOW))
    joined = OrderedJoin(owners, shares, and_(of_owner, shares.c.account_id == owners.c.owner))
    return select(owners.c.owner, shares.c.category).select_from(joined).distinct().subquery("shared_categories")


def _of_categories(owners: CTE, size: int, *, lateral: bool) -> Select[*tuple[Any, ...]]:
    """The next products of each category; `lateral` is for PostgreSQL, which else might join all products."""
    category = _categories(owners)
    if not lateral:
        joined = OrderedJoin(category, products, _page_of(category.c.owner, size, category.c.category))
        return select(category.c.owner, products.c.id).select_from(joined)
    begin = case((category.c.owner == _OWNER, _AFTER), else_="")
    in_category = and_(products.c.account_id == category.c.owner, products.c.category == category.c.category)
    found = select(products.c.id).where(in_category, products.c.id > begin, _is_published)
    page = found.order_by(products.c.id).limit(_number(size)).lateral("of_one")
    return select(category.c.owner, page.c.id).join_from(category, page, true())


def _keys(size: int, *, lateral: bool) -> Subquery:
    """The next places, in order."""
    of_all, of_category = _owners("of_all", "ALL", _OWNERS), _owners("of_category", "CATEGORY", _OWNERS)
    found = union(
        _one_by_one(size),
        select(of_all.c.owner, products.c.id).join_from(of_all, products, _page_of(of_all.c.owner, size)),
        _of_categories(of_category, size, lateral=lateral),
        _ends(of_all),
        _ends(of_category),
    ).subquery("found")
    first = select(found.c.owner, found.c.id).order_by(found.c.owner, found.c.id).limit(_number(size)).subquery("first")
    return select(first.c.owner, first.c.id).order_by(first.c.owner, first.c.id).limit(_LIMIT).subquery("keys")


# Outer joins keep their order on both engines: the products are looked up, a page of them.
def _product_of(keys: Subquery) -> ColumnElement[bool]:
    return and_(products.c.account_id == keys.c.owner, products.c.id == keys.c.id, _is_published)


def _with_shares(joined: Join, *, lateral: bool) -> tuple[Join, FromClause]:
    """(the products with the live shares of each, the shares)."""
    if not lateral:
        return joined.outerjoin(shares, visible_to(VIEWER, NOW)), shares
    subject, share = live_share()
    return joined.outerjoin(subject.join(share, true()), true()), share


def _page(*, lateral: bool) -> Select[*tuple[Any, ...]]:
    keys = _keys(SMALL_PAGE, lateral=lateral)
    published = keys.outerjoin(products, _product_of(keys)).outerjoin(versions, same_version)
    joined, share = _with_shares(published, lateral=lateral)
    query = select(*keys.c, *view_columns(share)).select_from(joined.outerjoin(accounts, is_owner))
    return query.order_by(keys.c.owner, keys.c.id, share.c.id)


def _places(*, lateral: bool) -> Select[*tuple[Any, ...]]:
    keys = _keys(_LARGE_PAGE, lateral=lateral)
    return select(*keys.c).order_by(keys.c.owner, keys.c.id)


def _search(*, lateral: bool) -> Select[*tuple[Any, ...]]:
    keys = _keys(_LARGE_PAGE, lateral=lateral)
    joined, share = _with_shares(keys.outerjoin(products, _product_of(keys)), lateral=lateral)
    query = select(*keys.c, products.c.search_key, share.c.id, share.c.fields).select_from(joined)
    return query.order_by(keys.c.owner, keys.c.id)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Number)


_PAGE = CompiledStatement(_page(lateral=False), on_postgres=_page(lateral=True))
_PLACES = CompiledStatement(_places(lateral=False), on_postgres=_places(lateral=True))
_SEARCH = CompiledStatement(_search(lateral=False), on_postgres=_search(lateral=True))


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


def list_shared_page(
    conn: Connection, viewer_id: str, after: SharedPosition, now: int, limit: int, *, owner_id: str | None, owners: int
) -> tuple[list[SharedProductView], list[SharedPosition]]:
    """The next products that the viewer sees, at most SMALL_PAGE, of all owners or of one, and their places.

    The list may end early, with a place that ends an owner: more may follow after it.
    """
    values = _values(viewer_id, after, now, limit, owner_id) | {"owners": owners}
    rows: dict[SharedPosition, list[Any]] = {}
    for owner, product_id, *row in _PAGE.all(conn, values):
        rows.setdefault(SharedPosition(owner, product_id), []).append(row)
    keys = _until_incomplete([*rows])
    return [shared_view_of(found) for key in keys if (found := rows[key]) and found[0][-1] is not None], keys


def list_shared_places(
    conn: Connection, viewer_id: str, after: SharedPosition, now: int, limit: int, *, owner_id: str | None, owners: int
) -> list[SharedPosition]:
    """The next places of a list, which may end as that of `list_shared_page`."""
    values = _values(viewer_id, after, now, limit, owner_id) | {"owners": owners}
    return _until_incomplete([SharedPosition._make(row) for row in _PLACES.all(conn, values)])


def list_search_rows(
    conn: Connection, viewer_id: str, after: SharedPosition, now: int, limit: int, *, owner_id: str | None, owners: int
) -> tuple[list[SearchRow], list[SharedPosition]]:
    """What is searched of the next products, without their contents, and their places."""
    values = _values(viewer_id, after, now, limit, owner_id) | {"owners": owners}
    search_keys: dict[SharedPosition, str | None] = {}
    shown: dict[SharedPosition, set[str | None]] = {}
    for owner, product_id, search_key, share_id, fields in _SEARCH.all(conn, values):
        place = SharedPosition(owner, product_id)
        search_keys[place] = search_key
        if share_id is not None:
            shown.setdefault(place, set()).add(fields)
    keys = _until_incomplete([*search_keys])
    found = []
    for place in keys:
        if (search_key := search_keys[place]) is not None:
            names = frozenset().union(*(_searched(fields) for fields in shown.get(place, ())))
            found.append(SearchRow(place.product_id, search_key, names))
    return found, keys


def _searched(fields: str | None) -> frozenset[str]:
    """The names that a share of these fields, which are JSON, shows: a quoted name in it is a whole path."""
    return frozenset(name for name in SEARCHED if fields is None or f'"{name}"' in fields)


def list_shared_keys_with_gtin(
    conn: Connection, viewer_id: str, after: SharedPosition, now: int, limit: int, *, owner_id: str | None, gtin14: str
) -> list[SharedPosition]:
    """The next products with this GTIN that the viewer sees."""
    values = _values(viewer_id, after, now, limit, owner_id) | {"gtin": gtin14}
    return [SharedPosition._make(row) for row in _WITH_GTIN.all(conn, values)]


def _values(viewer_id: str, after: SharedPosition, now: int, limit: int, owner_id: str | None) -> dict[str, Any]:
    # Any longer text is after the owner, and before the next one.
    owner, product_id = (f"{after.owner_id}0", "") if after.ends_owner else after
    if owner_id is not None and owner < owner_id:
        owner, product_id = owner_id, ""
    return {
        "viewer": viewer_id, "now": now, "owner": owner, "after": product_id, "limit": limit,
        "last_owner": owner_id or LAST,
    }  # fmt: skip


def _until_incomplete(keys: list[SharedPosition]) -> list[SharedPosition]:
    for place, key in enumerate(keys):
        if key.ends_owner:
            return keys[: place + 1]
    return keys
