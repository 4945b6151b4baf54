"""Grants that include the passports of batches and items below; the log names the opened one.

Pending requests get an index, by which the console counts them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "passport_grants", sa.Column("includes_below", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("passport_accesses", sa.Column("passport_id", sa.String(36), nullable=True))
    op.create_index(
        "ix_passport_access_requests_pending",
        "passport_access_requests",
        ["account_id", "id"],
        sqlite_where=sa.text("status = 'PENDING'"),
        postgresql_where=sa.text("status = 'PENDING'"),
    )
