"""Clients that authenticate without a secret: their keys, trusted workloads, methods, and assertions that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "oauth_clients",
        # A node of the release before creates clients that have a secret.
        sa.Column(
            "auth_methods", sa.String(200), nullable=False, server_default="client_secret_basic client_secret_post"
        ),
    )
    op.create_table(
        "client_assertion_credentials",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_source", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_clients.id"],
            name="fk_client_assertion_credentials_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_client_assertion_credentials"),
    )
    op.create_index(
        "ix_client_assertion_credentials_account_id_client_id",
        "client_assertion_credentials",
        ["account_id", "client_id"],
    )
    op.create_index("ix_client_assertion_credentials_client_id", "client_assertion_credentials", ["client_id"])
    op.create_table(
        "used_assertions",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "digest", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["expires_at"])
