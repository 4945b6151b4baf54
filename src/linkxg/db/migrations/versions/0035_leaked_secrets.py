"""Where a client secret was found in public, and the index that finds a secret by its digest."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client_secrets", sa.Column("leak_url", sa.String(500), nullable=True))
    op.create_index("ix_client_secrets_digest", "client_secrets", ["digest"])
