"""Digital Product Passports: products that are published already get theirs.

A version of a passport never changes; the database refuses it too.
"""

import os
import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_CHUNK = 1_000
_SAYS = "a version of a passport never changes"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_passports()
    _create_versions()
    _create_signing()
    _issue()
    _refuse_changes()


def _create_passports() -> None:
    op.create_table(
        "passports",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("product_id", sa.String(36), nullable=False),
        sa.Column("gtin14", sa.String(14), nullable=False),
        sa.Column("lot", sa.String(20), server_default="", nullable=False),
        sa.Column("serial", sa.String(20), server_default="", nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("life_status", sa.String(16), server_default="original", nullable=False),
        sa.Column("predecessor", sa.String(2_048), nullable=True),
        sa.Column("successor_id", sa.String(36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdraw_reason", sa.String(1_000), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_passports"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_passports_identity", "passports", ["account_id", "gtin14", "lot", "serial"], unique=True)
    model = sa.text("lot = '' and serial = '' and id <> product_id")
    op.create_index(
        "ix_passports_model_product_id", "passports", ["product_id"], sqlite_where=model, postgresql_where=model
    )


def _create_versions() -> None:
    op.create_table(
        "passport_versions",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("passport_id", sa.String(36), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("product_id", sa.String(36), nullable=False),
        sa.Column("product_version", _NUMBER, nullable=False),
        sa.Column("life_status", sa.String(16), server_default="original", nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "passport_id", "version", name="pk_passport_versions"),
        sqlite_with_rowid=False,
    )


def _create_signing() -> None:
    op.create_table(
        "passport_keys",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("kid", sa.String(43), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "kid", name="pk_passport_keys"),
    )
    op.create_table(
        "passport_credentials",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("passport_id", sa.String(36), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("roles", sa.String(60), nullable=False),
        sa.Column("kid", sa.String(43), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("jwt", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "passport_id", "version", "roles", name="pk_passport_credentials"),
    )
    op.create_table(
        "passport_status_entries",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("passport_id", sa.String(36), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(36), nullable=False),
        sa.Column("product_version", _NUMBER, nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "passport_id", "version", name="pk_passport_status_entries"),
    )
    op.create_index(
        "ix_passport_status_entries_position",
        "passport_status_entries",
        ["account_id", "list_number", "position"],
        unique=True,
    )
    op.create_index(
        "ix_passport_status_entries_product", "passport_status_entries", ["account_id", "product_id", "product_version"]
    )
    revoked = sa.text("revoked_at is not null")
    op.create_index(
        "ix_passport_status_entries_revoked",
        "passport_status_entries",
        ["account_id", "list_number"],
        sqlite_where=revoked,
        postgresql_where=revoked,
    )


def _issue() -> None:
    """The passport of each published model, with its latest version."""
    conn = op.get_bind()
    place = ("", "")
    names = ("account_id", "id", "gtin14", "status", "latest_version", "updated_at")
    products = sa.table("products", *map(sa.column, names))
    versions = sa.table("product_versions", *map(sa.column, ("account_id", "product_id", "version", "published_at")))
    is_latest = sa.and_(
        versions.c.account_id == products.c.account_id,
        versions.c.product_id == products.c.id,
        versions.c.version == products.c.latest_version,
    )
    while True:
        query = sa.select(*products.c, versions.c.published_at).join_from(products, versions, is_latest)
        query = query.where(sa.tuple_(products.c.account_id, products.c.id) > place)
        rows = conn.execute(query.order_by(products.c.account_id, products.c.id).limit(_CHUNK)).all()
        if not rows:
            return
        # The GTIN of an archived product may be that of another one, which has the passport then.
        issued = [row for row in rows if row.gtin14 and row.status != "ARCHIVED"]
        _insert([(_uuid7(), row) for row in issued])
        place = (rows[-1].account_id, rows[-1].id)


def _insert(issued: list[tuple[str, Any]]) -> None:
    if not issued:
        return
    given = [
        {"a": row.account_id, "i": id, "p": row.id, "g": row.gtin14, "v": row.latest_version, "t": row.published_at}
        for id, row in issued
    ]
    for statement in (
        "insert into passports (account_id, id, product_id, gtin14, version, created_at) values "
        "(:a, :i, :p, :g, 1, :t)",
        "insert into passport_versions (account_id, passport_id, version, product_id, product_version, issued_at) "
        "values (:a, :i, 1, :p, :v, :t)",
    ):
        op.get_bind().execute(sa.text(statement), given)


def _uuid7() -> str:
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    text = f"{value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function passport_versions_stay() returns trigger language plpgsql as "
            f"$$ begin raise exception '{_SAYS}'; end $$"
        )
        call = "for each row execute function passport_versions_stay()"
    else:
        call = f"for each row begin select raise(abort, '{_SAYS}'); end"
    op.execute(f"create trigger passport_versions_no_update before update on passport_versions {call}")
    op.execute(f"create trigger passport_versions_no_delete before delete on passport_versions {call}")
