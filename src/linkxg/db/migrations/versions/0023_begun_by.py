"""What is begun belongs to who began it: an app to a sign-in or session, a single sign-on to a network."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whoever has begun before begins again: what began theirs is not known.
    op.execute("DELETE FROM totp_factors WHERE confirmed_at IS NULL")
    with op.batch_alter_table("totp_factors") as table:
        table.add_column(sa.Column("begun_by", sa.String(64), nullable=True))
    with op.batch_alter_table("federated_sign_ins") as table:
        table.add_column(sa.Column("network", sa.String(50), nullable=True))
