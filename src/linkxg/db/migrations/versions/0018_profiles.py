"""Names, languages and time zones of people, confirmed changes of e-mail addresses, and settings of accounts.

A session keeps the network and the kind of device that it began on, by which a sign-in from a new place is recognised.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MILLISECONDS = sa.BigInteger()


def upgrade() -> None:
    op.add_column("users", sa.Column("name", sa.String(120)))
    op.add_column("users", sa.Column("language", sa.String(35)))
    op.add_column("users", sa.Column("time_zone", sa.String(64)))
    op.add_column("accounts", sa.Column("security_contact", sa.String(254)))
    op.add_column("accounts", sa.Column("client_lifetime_days", sa.Integer))
    op.add_column("sessions", sa.Column("network", sa.String(50), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("device", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "email_changes",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("old_email", sa.String(254), nullable=False),
        sa.Column("old_email_key", sa.String(254), nullable=False),
        sa.Column("new_email", sa.String(254), nullable=False),
        sa.Column("new_email_key", sa.String(254), nullable=False),
        sa.Column("old_digest", sa.LargeBinary, nullable=False),
        sa.Column("new_digest", sa.LargeBinary, nullable=False),
        sa.Column("password_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _MILLISECONDS, nullable=False),
        sa.Column("expires_at", _MILLISECONDS, nullable=False),
        sa.Column("old_confirmed_at", _MILLISECONDS),
        sa.Column("new_confirmed_at", _MILLISECONDS),
        sa.Column("approved_by", sa.String(36)),
        sa.Column("ended_at", _MILLISECONDS),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_email_changes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_email_changes"),
        sa.UniqueConstraint("old_digest", name="uq_email_changes_old_digest"),
        sa.UniqueConstraint("new_digest", name="uq_email_changes_new_digest"),
    )
    op.create_index("ix_email_changes_user_id", "email_changes", ["user_id"])
    op.create_index("ix_email_changes_expires_at", "email_changes", ["expires_at"])
