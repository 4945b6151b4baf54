"""Tokens of identity providers, and what they say about people (RFC 7643)."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scim_tokens",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("hint", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scim_tokens"),
        sa.UniqueConstraint("digest", name="uq_scim_tokens_digest"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_scim_tokens_account_id"),
    )
    op.create_index("ix_scim_tokens_account_id_id", "scim_tokens", ["account_id", "id"])
    for column in ("revoked_at", "expires_at"):
        some = sa.text(f"{column} is not null")
        op.create_index(f"ix_scim_tokens_{column}", "scim_tokens", [column], postgresql_where=some, sqlite_where=some)
    op.create_table(
        "scim_users",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("formatted", sa.String(length=200), nullable=True),
        sa.Column("given_name", sa.String(length=200), nullable=True),
        sa.Column("family_name", sa.String(length=200), nullable=True),
        sa.Column("display_name", sa.String(length=200), nullable=True),
        sa.Column("emails", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_scim_users"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_scim_users_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_scim_users_account_id_external_id", "scim_users", ["account_id", "external_id"])
    # The path /scim is the service's own now.
    statement = sa.text("update accounts set slug = :slug where slug = 'scim'")
    op.get_bind().execute(statement, {"slug": f"scim-{secrets.token_hex(3)}"})
