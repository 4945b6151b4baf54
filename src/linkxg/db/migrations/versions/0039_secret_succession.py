"""By which secret a client has rotated, so that a leaked secret takes along what was made with it."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null for those that people made, and those of the release before.
    op.add_column("client_secrets", sa.Column("rotated_by", sa.String(36), nullable=True))
