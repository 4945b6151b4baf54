"""Resource servers: clients with an audience of their own, and the account of each revocation that they follow."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A node of the release before writes none.
    op.add_column("changes", sa.Column("account_id", sa.String(36), nullable=True))
    op.add_column("oauth_clients", sa.Column("resource", sa.String(500), nullable=True))
    op.create_index("ix_oauth_clients_account_id_resource", "oauth_clients", ["account_id", "resource"], unique=True)
