"""Versions of products: what was said of a product becomes the draft of its first version.

A version that was published never changes; the database refuses it too.
"""

import hashlib
import json
from typing import Any

import rfc8785
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CHUNK = 500
_LARGEST = 2**53 - 1
_FROZEN = (
    "account_id", "product_id", "version", "content", "digest", "created_at", "created_by", "change_note",
    "published_at", "published_by",
)  # fmt: skip
_SAYS = "a published version never changes"


def upgrade() -> None:
    _create_versions()
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("products", sa.Column("status", sa.String(length=10), server_default="DRAFT", nullable=False))
    op.add_column("products", sa.Column("latest_version", sequence, nullable=True))
    op.add_column("products", sa.Column("draft_version", sequence, nullable=True))
    op.drop_index("ix_products_account_id_gtin14", "products")
    op.drop_index("ix_products_account_id_category_updated_at_id", "products")
    op.alter_column("products", "name_key", new_column_name="search_key") if _is_postgres() else op.execute(
        "alter table products rename column name_key to search_key"
    )
    _move_contents()
    op.drop_column("products", "content")
    _create_indexes()
    _refuse_changes()


def _is_postgres() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def _create_versions() -> None:
    op.create_table(
        "product_versions",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("change_note", sa.String(length=1000), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("published_by", sa.String(length=64), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=64), nullable=True),
        sa.Column("withdraw_reason", sa.String(length=1000), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "product_id"],
            ["products.account_id", "products.id"],
            name="fk_product_versions_account_id_product_id",
        ),
        sa.PrimaryKeyConstraint("account_id", "product_id", "version", name="pk_product_versions"),
    )


def _create_indexes() -> None:
    live = sa.text("gtin14 is not null and status <> 'ARCHIVED'")
    archived = sa.text("gtin14 is not null and status = 'ARCHIVED'")
    draft = sa.text("status = 'DRAFT'")
    for name, table, columns, unique, where in (
        ("ix_products_account_id_gtin14", "products", ["account_id", "gtin14"], True, live),
        ("ix_products_archived_gtin14", "products", ["account_id", "gtin14"], False, archived),
        (
            "ix_products_account_id_category_updated_at_id",
            "products",
            ["account_id", "category", "updated_at", "id"],
            False,
            None,
        ),
        ("ix_product_versions_draft", "product_versions", ["account_id", "product_id"], True, draft),
    ):
        op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _move_contents() -> None:
    conn = op.get_bind()
    old = sa.table("products", *map(sa.column, ("account_id", "id", "sku", "category", "updated_at", "content")))
    place = ("", "")
    while True:
        query = sa.select(*old.c).where(sa.tuple_(old.c.account_id, old.c.id) > place)
        rows = conn.execute(query.order_by(old.c.account_id, old.c.id).limit(_CHUNK)).all()
        if not rows:
            return
        versions, heads = [], []
        for row in rows:
            raw, brand, name = _content(row)
            versions.append(
                {"a": row.account_id, "p": row.id, "d": hashlib.sha256(raw).digest(), "c": raw.decode(),
                 "t": row.updated_at}
            )  # fmt: skip
            key = "\n".join(text for text in (row.sku, name, brand) if text).casefold()
            heads.append({"a": row.account_id, "p": row.id, "k": key})
        conn.execute(
            sa.text(
                "insert into product_versions (account_id, product_id, version, status, digest, created_at, "
                "created_by, content) values (:a, :p, 1, 'DRAFT', :d, :t, 'migration', :c)"
            ),
            versions,
        )
        conn.execute(
            sa.text(
                "update products set draft_version = 1, search_key = :k, category = nullif(category, '') "
                "where account_id = :a and id = :p"
            ),
            heads,
        )
        place = (rows[-1].account_id, rows[-1].id)


def _content(row: Any) -> tuple[bytes, str | None, str]:
    """(the canonical content, its brand, its name)."""
    before = json.loads(row.content)
    content = {"name": before["name"]}
    for member in ("description", "brand"):
        if before.get(member) is not None:
            content[member] = before[member]
    if row.category and not row.category.isspace():
        content["category"] = {"code": row.category}
    if before.get("attributes"):
        content["attributes"] = _exact(before["attributes"])
    return rfc8785.dumps(content), before.get("brand"), before["name"]


def _exact(value: Any) -> Any:
    """A number beyond what JSON keeps exactly (RFC 7493 §2.2) becomes a text with its digits."""
    if isinstance(value, dict):
        return {name: _exact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_exact(member) for member in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return str(value)
    return value


def _refuse_changes() -> None:
    if _is_postgres():
        changed = " or ".join(f"new.{name} is distinct from old.{name}" for name in _FROZEN)
        op.execute(
            "create function published_versions_stay() returns trigger language plpgsql as "
            f"$$ begin raise exception '{_SAYS}'; end $$"
        )
        call = "for each row when ({}) execute function published_versions_stay()"
    else:
        changed = " or ".join(f"new.{name} is not old.{name}" for name in _FROZEN)
        call = f"for each row when {{}} begin select raise(abort, '{_SAYS}'); end"
    published = "old.status <> 'DRAFT'"
    onwards = "new.status in (old.status, 'WITHDRAWN') or (old.status = 'PUBLISHED' and new.status = 'SUPERSEDED')"
    updated = call.format(f"{published} and (old.status = 'WITHDRAWN' or not ({onwards}) or {changed})")
    deleted = call.format(published)
    op.execute(f"create trigger product_versions_no_update before update on product_versions {updated}")
    op.execute(f"create trigger product_versions_no_delete before delete on product_versions {deleted}")
