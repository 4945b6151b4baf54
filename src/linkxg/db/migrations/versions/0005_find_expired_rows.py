"""Indexes by which housekeeping finds what has expired, without looking at what has not."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("revoked_at", "expires_at"):
        some = sa.text(f"{column} is not null")
        op.create_index(
            f"ix_client_secrets_{column}", "client_secrets", [column], postgresql_where=some, sqlite_where=some
        )
    op.create_index("ix_client_usage_day", "client_usage", ["day"])
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])
