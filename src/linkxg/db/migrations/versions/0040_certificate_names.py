"""Name, origin and last use of a client's certificates, as its keys have them."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A node of the release before writes none of them.
    op.add_column("client_certificates", sa.Column("name", sa.String(200), nullable=False, server_default=""))
    op.add_column("client_certificates", sa.Column("created_by", sa.String(64), nullable=False, server_default="-"))
    op.add_column("client_certificates", sa.Column("last_used_at", sa.BigInteger, nullable=True))
    op.add_column("client_certificates", sa.Column("last_used_source", sa.String(64), nullable=True))
