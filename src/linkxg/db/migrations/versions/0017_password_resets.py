"""One-time links with which people choose a new password."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "password_resets",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("user_epoch", _SEQUENCE, nullable=False),
        sa.Column("binding", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.String(length=10), nullable=False),
        sa.Column("issuer_id", sa.String(length=36), nullable=True),
        sa.Column("issuer_epoch", _SEQUENCE, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_password_resets_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_password_resets"),
        sa.UniqueConstraint("digest", name="uq_password_resets_digest"),
    )
    op.create_index("ix_password_resets_user_id_created_at", "password_resets", ["user_id", "created_at"])
    op.create_index("ix_password_resets_created_at", "password_resets", ["created_at"])
