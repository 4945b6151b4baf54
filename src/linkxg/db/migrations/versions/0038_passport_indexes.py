"""The network of requests for access to passports, and indexes for passports by lot or serial number alone."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # None of requests of the release before.
    op.add_column("passport_access_requests", sa.Column("network", sa.String(50), nullable=True))
    # The serial number first: it serves what the former order did, and a search by serial number alone.
    op.drop_index("ix_passports_item_serial", "passports")
    for name, column, other in (("item_serial", "serial", "lot"), ("lot", "lot", "serial")):
        condition = sa.text(f"{column} <> ''")
        op.create_index(
            f"ix_passports_{name}",
            "passports",
            ["account_id", column, "gtin14", other],
            sqlite_where=condition,
            postgresql_where=condition,
        )
