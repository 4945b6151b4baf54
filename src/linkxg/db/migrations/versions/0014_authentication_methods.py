"""Sessions: the methods by which the person was authenticated (RFC 8176)."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("amr", sa.String(length=100), server_default="", nullable=False))
