"""An index by which the transaction of a write finds whether the caller's token was revoked."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_changes_subject", "changes", ["subject"])
