"""Products: the head in columns, the content as JSON text."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    given = sa.text("gtin14 is not null")
    op.create_table(
        "products",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column(
            "sku",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("gtin14", sa.String(length=14), nullable=True),
        sa.Column("gtin_length", sa.SmallInteger(), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_products_account_id"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_products"),
    )
    op.create_index("ix_products_account_id_sku", "products", ["account_id", "sku"], unique=True)
    op.create_index(
        "ix_products_account_id_gtin14",
        "products",
        ["account_id", "gtin14"],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )
    op.create_index(
        "ix_products_account_id_updated_at_id", "products", ["account_id", "updated_at", "id"], unique=False
    )
    op.create_index(
        "ix_products_account_id_category_updated_at_id",
        "products",
        ["account_id", "category", "updated_at", "id"],
        unique=False,
    )
