"""Subscriptions of named queries, each with the delivery that is under way."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "epcis_subscriptions",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column(
            "query_name", sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("dest", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("epc_format", sa.String(30), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=True),
        sa.Column("report_if_empty", sa.SmallInteger(), nullable=False),
        sa.Column("initial_record_time", sa.BigInteger(), nullable=True),
        sa.Column("min_record_time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_notified_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("position_time", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("has_reported", sa.SmallInteger(), nullable=False),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(36), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.String(36), nullable=True),
        sa.Column("delivery_end_time", sa.BigInteger(), nullable=False),
        sa.Column("delivery_end", sa.BigInteger(), nullable=False),
        sa.Column("delivery_events", sa.Integer(), nullable=False),
        sa.Column("delivery_at", sa.BigInteger(), nullable=False),
        sa.Column("delivery_is_last", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "query_name"],
            ["epcis_queries.account_id", "epcis_queries.name"],
            name="fk_epcis_subscriptions_account_id_query_name",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_epcis_subscriptions"),
    )
    op.create_index("ix_epcis_subscriptions_query_name", "epcis_subscriptions", ["account_id", "query_name", "id"])
    active = sa.text("state = 'ACTIVE'")
    op.create_index(
        "ix_epcis_subscriptions_due",
        "epcis_subscriptions",
        ["lease_until"],
        sqlite_where=active,
        postgresql_where=active,
    )
