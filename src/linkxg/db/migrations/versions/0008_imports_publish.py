"""Imports: products can be published on the way."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default: for a while an older version of the program may write jobs beside this one.
    op.add_column("import_jobs", sa.Column("publish", sa.SmallInteger(), server_default="0", nullable=False))
