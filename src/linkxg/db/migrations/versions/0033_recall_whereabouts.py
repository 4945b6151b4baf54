"""Where the affected items of a recall were last seen, and when its recipients were reminded."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recalls", sa.Column("with_consumers", sa.Integer(), nullable=True))
    op.add_column("recalls", sa.Column("places", sa.Text(), nullable=True))
    op.add_column("recalls", sa.Column("reminded_at", sa.BigInteger(), nullable=True))
