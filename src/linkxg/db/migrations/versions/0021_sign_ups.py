"""Sign-ups that wait for their link to be opened."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ups",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("mailbox", sa.String(254), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_ups"),
    )
    op.create_index("ix_sign_ups_mailbox_created_at", "sign_ups", ["mailbox", "created_at"])
    for column in ("email_key", "created_at", "expires_at"):
        op.create_index(f"ix_sign_ups_{column}", "sign_ups", [column])
