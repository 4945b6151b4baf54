"""A form that is kept while its person signs in by their identity provider again."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("federated_sign_ins") as table:
        table.add_column(sa.Column("carried", sa.Text(), nullable=True))
        table.add_column(sa.Column("carried_by", sa.String(36), nullable=True))
