"""The console: its sessions, what clients do with their scopes, and why they were refused."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("sessions", sa.Column("kind", sa.String(length=10), server_default="api", nullable=False))
    op.add_column("sessions", sa.Column("authenticated_at", sa.BigInteger(), nullable=True))
    op.add_column("client_secrets", sa.Column("first_used_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_oauth_clients_account_id_name", "oauth_clients", ["account_id", sa.text("lower(name)"), "id"], unique=False
    )
    op.create_table(
        "client_scope_usage",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("uses", sequence, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.id"], name="fk_client_scope_usage_client_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "client_id", "scope", name="pk_client_scope_usage"),
    )
    op.create_index("ix_client_scope_usage_client_id", "client_scope_usage", ["client_id"], unique=False)
    op.create_table(
        "refused_requests",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("cause", sa.String(length=30), nullable=False),
        sa.Column("concerns", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_refused_requests"),
    )
    op.create_index(
        "ix_refused_requests_account_id_client_id_id", "refused_requests", ["account_id", "client_id", "id"]
    )
    op.create_index("ix_refused_requests_at", "refused_requests", ["at"])
