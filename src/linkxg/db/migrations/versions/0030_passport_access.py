"""Requests for what passports withhold, grants of access by links, and the log of their use."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "passport_access_requests",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("passport_id", sa.String(36), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("purpose", sa.String(500), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("evidence", sa.String(500), nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("grant_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_passport_access_requests"),
    )
    op.create_index("ix_passport_access_requests_created_at", "passport_access_requests", ["created_at"])
    op.create_table(
        "passport_grants",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("passport_id", sa.String(36), nullable=False),
        sa.Column("roles", sa.String(60), nullable=False),
        sa.Column("purpose", sa.String(500), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("single_use", sa.Boolean(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_passport_grants"),
    )
    op.create_index("ix_passport_grants_token_digest", "passport_grants", ["token_digest"], unique=True)
    op.create_index("ix_passport_grants_expires_at", "passport_grants", ["expires_at"])
    op.create_table(
        "passport_accesses",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("grant_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("accessed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "grant_id", "id", name="pk_passport_accesses"),
    )
    op.create_index("ix_passport_accesses_accessed_at", "passport_accesses", ["accessed_at"])
