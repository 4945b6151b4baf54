"""Recalls, the notices to their recipients, and the GLN by which a side of a connection knows its partner."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recalls",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("item_uris", sa.Text(), nullable=False),
        sa.Column("products", sa.Text(), nullable=False),
        sa.Column("product_count", sa.Integer(), nullable=False),
        sa.Column("affected_items", sa.Integer(), nullable=False),
        sa.Column("truncated", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("instructions", sa.String(2_000), nullable=True),
        sa.Column("notice_id", sa.String(36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawal_reason", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_recalls"),
    )
    op.create_index("ix_recalls_notice_id", "recalls", ["notice_id"])
    op.create_table(
        "recall_notices",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("recall_id", sa.String(36), nullable=False),
        sa.Column("party", sa.String(500), nullable=False),
        sa.Column("gln", sa.String(13), nullable=True),
        sa.Column("recipient_id", sa.String(36), nullable=True),
        sa.Column("connection_id", sa.String(36), nullable=True),
        sa.Column("item_uris", sa.Text(), nullable=False),
        sa.Column("first_items", sa.Text(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("truncated", sa.SmallInteger(), nullable=False),
        sa.Column("contested", sa.SmallInteger(), nullable=False),
        sa.Column("last_sent_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(7), nullable=True),
        sa.Column("note", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_recall_notices"),
    )
    op.create_index("ix_recall_notices_recall_id", "recall_notices", ["account_id", "recall_id"])
    op.create_index("ix_recall_notices_recipient_id", "recall_notices", ["recipient_id", "id"])
    waiting = sa.text("acknowledged_at IS NULL")
    op.create_index(
        "ix_recall_notices_waiting",
        "recall_notices",
        ["recipient_id", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.add_column("feed_entries", sa.Column("notice_id", sa.String(36), nullable=True))
    op.add_column("connections", sa.Column("partner_gln", sa.String(13), nullable=True))
    # So far, what a partner states has counted.
    op.execute(
        "update connections set partner_gln = (select gln from accounts where accounts.id = connections.partner_id) "
        "where status in ('ACTIVE', 'REVOKED') and responded_at is not null"
    )
