"""Former slugs of accounts: printed links and signed passports name them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_slugs",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("slug", sa.String(39), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_former_slugs_account_id"),
        sa.PrimaryKeyConstraint("slug", name="pk_former_slugs"),
    )
    op.create_index("ix_former_slugs_account_id", "former_slugs", ["account_id"])
