"""Whether the keys of a JWKS URI or an issuer were ever read."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A node of the release before writes neither: what it registers counts as read once it was used.
    op.add_column("client_assertion_credentials", sa.Column("read_at", sa.BigInteger, nullable=True))
    op.add_column("client_assertion_credentials", sa.Column("read_fault", sa.String(200), nullable=True))
