"""The SQL of versions, and of products joined with one of their versions.

Triggers reject changes and deletions of published versions (migration 0006).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Select,
    String,
    Subquery,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
    text,
    values,
)

from linkxg.catalog.products.model import ProductRecord, ProductView
from linkxg.catalog.products.store import RECORD_COLUMNS, products
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.db.bulk import listed, prepare_any, update_many
from linkxg.db.compiled import CompiledStatement, update_row
from linkxg.db.schema import Milliseconds, Sequence, metadata

VersionSelector = Literal["current", "latest", "draft", "base"]
"""`current` is the latest published version, or else the draft. `base`, from which a change starts, is the draft, or
else the latest published version."""

_DRAFT = text("status = 'DRAFT'")
versions = Table(
    "product_versions",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("product_id", String(36), primary_key=True),
    Column("version", Sequence, primary_key=True, autoincrement=False),
    Column("status", String(10), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("change_note", String(1000)),
    Column("published_at", Milliseconds),
    Column("published_by", String(64)),
    Column("withdrawn_at", Milliseconds),
    Column("withdrawn_by", String(64)),
    Column("withdraw_reason", String(1000)),
    # Last, so that SQLite reads the other columns without the overflow pages of a long content.
    Column("content", Text, nullable=False),
    ForeignKeyConstraint(["account_id", "product_id"], ["products.account_id", "products.id"]),
    Index(
        "ix_product_versions_draft",
        "account_id",
        "product_id",
        unique=True,
        sqlite_where=_DRAFT,
        postgresql_where=_DRAFT,
    ),
)
VIEW_COLUMNS = (*RECORD_COLUMNS, versions.c.version, versions.c.status, versions.c.digest, versions.c.content)
CURRENT = func.coalesce(products.c.latest_version, products.c.draft_version)
BASE = func.coalesce(products.c.draft_version, products.c.latest_version)
_ROW = [versions.c[name] for name in VersionRow._fields]
_PUBLISHED = versions.c.status == "PUBLISHED"


def with_version(version: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Products, each joined with that version."""
    joined = (
        (versions.c.account_id == products.c.account_id)
        & (versions.c.product_id == products.c.id)
        & (versions.c.version == version)
    )
    return select(*VIEW_COLUMNS).select_from(products.join(versions, joined))


def with_current_version(account_id: str, heads: Subquery) -> Select[*tuple[Any, ...]]:
    """The products of a subquery, each joined with its current version."""
    joined = (
        (versions.c.account_id == account_id)
        & (versions.c.product_id == heads.c.id)
        & (versions.c.version == func.coalesce(heads.c.latest_version, heads.c.draft_version))
    )
    columns = (*(heads.c[column.name] for column in RECORD_COLUMNS), *VIEW_COLUMNS[len(RECORD_COLUMNS) :])
    return select(*columns).select_from(heads.join(versions, joined))


def _compiled(version: ColumnElement[Any]) -> CompiledStatement:
    of_product = (products.c.account_id == bindparam("account"), products.c.id == bindparam("product"))
    return CompiledStatement(with_version(version).where(*of_product))


_FIND: dict[VersionSelector, CompiledStatement] = {
    "current": _compiled(CURRENT),
    "latest": _compiled(products.c.latest_version),
    "draft": _compiled(products.c.draft_version),
    "base": _compiled(BASE),
}
_SUPERSEDE = prepare_any(
    versions.c.product_id,
    "product_ids",
    lambda is_one_of: (
        versions.update()
        .where(versions.c.account_id == bindparam("account"), is_one_of, _PUBLISHED)
        .values(status="SUPERSEDED")
    ),
)
_FIND_NUMBER = _compiled(bindparam("version", type_=Sequence))


def find_product_view(
    conn: Connection, account_id: str, product_id: str, version: VersionSelector | int = "current"
) -> ProductView | None:
    """The product with that version; None if it has none."""
    values: dict[str, Any] = {"account": account_id, "product": product_id}
    if isinstance(version, int):
        row = _FIND_NUMBER.first(conn, {**values, "version": version})
    else:
        row = _FIND[version].first(conn, values)
    return None if row is None else product_view_of(row)


def product_view_of(row: Any) -> ProductView:
    return ProductView(ProductRecord._make(row[: len(RECORD_COLUMNS)]), *row[len(RECORD_COLUMNS) :])


def find_version(conn: Connection, account_id: str, product_id: str, version: int) -> VersionRow | None:
    query = select(*_ROW).where(*_of(account_id, product_id), versions.c.version == version)
    row = conn.execute(query).first()
    return None if row is None else VersionRow._make(row)


def list_versions(
    conn: Connection, account_id: str, product_id: str, *, before: int | None, limit: int
) -> list[VersionRow]:
    """Versions below `before`, newest first."""
    query = select(*_ROW).where(*_of(account_id, product_id)).order_by(versions.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(versions.c.version < before)
    return [VersionRow._make(row) for row in conn.execute(query)]


def find_content_in_category(conn: Connection, account_id: str, code: str) -> str | None:
    """The content of the most recently changed product of a category: of the draft, or else the latest version."""
    joined = (versions.c.account_id == products.c.account_id) & (versions.c.product_id == products.c.id)
    query = (
        select(versions.c.content)
        .join_from(products, versions, joined & (versions.c.version == BASE))
        .where(products.c.account_id == account_id, products.c.category == code)
        .order_by(products.c.updated_at.desc(), products.c.id.desc())
        .limit(1)
    )
    return conn.execute(query).scalar()


def list_newest_contents(conn: Connection, account_id: str, limit: int) -> list[str]:
    """The contents of the most recently changed products: of the draft, or else the latest version."""
    newest = (
        select(products.c.id, BASE.label("version"))
        .where(products.c.account_id == account_id)
        .order_by(products.c.updated_at.desc(), products.c.id.desc())
        .limit(limit)
        .subquery()
    )
    joined = (versions.c.product_id == newest.c.id) & (versions.c.version == newest.c.version)
    query = select(versions.c.content).join_from(newest, versions, joined).where(versions.c.account_id == account_id)
    return list(conn.execute(query).scalars())


def list_previous_contents(conn: Connection, account_id: str, before: Mapping[str, int]) -> dict[str, str]:
    """The content of each product's newest published version below `before`, by product."""
    if not before:
        return {}
    # A join: for a condition on each product, SQLite would read all versions of the account.
    names = (column("id", String), column("below", Sequence))
    wanted = values(*names, name="wanted").data([*before.items()]).cte()
    is_earlier = (versions.c.product_id == wanted.c.id) & (versions.c.version < wanted.c.below)
    newest = (
        select(versions.c.product_id, func.max(versions.c.version).label("version"))
        .join_from(wanted, versions, is_earlier)
        .where(versions.c.account_id == account_id, versions.c.status != "DRAFT")
        .group_by(versions.c.product_id)
        .subquery()
    )
    joined = (versions.c.product_id == newest.c.product_id) & (versions.c.version == newest.c.version)
    query = select(versions.c.product_id, versions.c.content).join_from(newest, versions, joined)
    return {row.product_id: row.content for row in conn.execute(query.where(versions.c.account_id == account_id))}


def insert_version(conn: Connection, account_id: str, product_id: str, **values: Any) -> None:
    conn.execute(versions.insert().values(account_id=account_id, product_id=product_id, **values))


def update_version(conn: Connection, account_id: str, product_id: str, version: int, **values: Any) -> None:
    """Change a draft, or the status of a published version."""
    update_row(conn, versions, {"account_id": account_id, "product_id": product_id, "version": version}, values)


def supersede(conn: Connection, account_id: str, product_id: str, version: int) -> None:
    """Supersede a published version; a withdrawn one stays withdrawn."""
    where = {"account_id": account_id, "product_id": product_id, "version": version, "status": "PUBLISHED"}
    update_row(conn, versions, where, {"status": "SUPERSEDED"})


def supersede_all(conn: Connection, account_id: str, product_ids: list[str]) -> None:
    """Supersede the published version, at most one, of each of these products."""
    if product_ids:
        _SUPERSEDE.run(conn, {"account": account_id, "product_ids": listed(conn, product_ids)})


def publish_drafts(
    conn: Connection, account_id: str, published_by: str, drafts: Iterable[tuple[str, int, int]]
) -> None:
    """Publish drafts, as (product, version, time); call `supersede_all` first."""
    columns = ("status", "published_at", "published_by")
    rows = [("PUBLISHED", at, published_by, account_id, product_id, version) for product_id, version, at in drafts]
    update_many(conn, versions, ("account_id", "product_id", "version"), columns, rows)


def delete_drafts(conn: Connection, account_id: str, product_id: str) -> None:
    conn.execute(versions.delete().where(*_of(account_id, product_id), versions.c.status == "DRAFT"))


def _of(account_id: str, product_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return versions.c.account_id == account_id, versions.c.product_id == product_id
