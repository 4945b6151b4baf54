"""The identity provider and the e-mail domains of an account, and sign-ins by them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_providers()
    _create_domains()
    _create_sign_ins()


def _create_providers() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("default_role", sa.String(length=10), nullable=True),
        sa.Column("role_claim", sa.String(length=200), nullable=True),
        sa.Column("role_mapping", sa.Text(), nullable=False),
        sa.Column("owners_by_claim", sa.Boolean(), nullable=False),
        sa.Column("sso_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_identity_providers_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_identity_providers"),
    )
    op.create_table(
        "break_glass_owners",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_break_glass_owners_account_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_break_glass_owners_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "user_id", name="pk_break_glass_owners"),
    )
    op.create_index("ix_break_glass_owners_user_id", "break_glass_owners", ["user_id"])


def _create_domains() -> None:
    op.create_table(
        "email_domains",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_email_domains_account_id"),
        sa.PrimaryKeyConstraint("account_id", "domain", name="pk_email_domains"),
    )
    verified = sa.text("verified_at is not null")
    op.create_index(
        "ix_email_domains_verified_domain",
        "email_domains",
        ["domain"],
        unique=True,
        sqlite_where=verified,
        postgresql_where=verified,
    )
    unverified = sa.text("verified_at is null")
    op.create_index(
        "ix_email_domains_created_at",
        "email_domains",
        ["created_at"],
        sqlite_where=unverified,
        postgresql_where=unverified,
    )


def _create_sign_ins() -> None:
    op.create_table(
        "federated_sign_ins",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("target", sa.String(length=500), nullable=False),
        sa.Column("reauthenticates", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_federated_sign_ins_account_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_federated_sign_ins"),
    )
    op.create_index("ix_federated_sign_ins_account_id_expires_at", "federated_sign_ins", ["account_id", "expires_at"])
    op.create_index("ix_federated_sign_ins_expires_at", "federated_sign_ins", ["expires_at"])
    op.create_table(
        "federated_identities",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_federated_identities_account_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_federated_identities_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "issuer", "subject", name="pk_federated_identities"),
    )
    op.create_index("ix_federated_identities_user_id", "federated_identities", ["user_id"])
    op.create_table(
        "federated_sessions",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("provider_session_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_federated_sessions_account_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_federated_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", name="pk_federated_sessions"),
    )
    op.create_index("ix_federated_sessions_account_id_subject", "federated_sessions", ["account_id", "subject"])
    op.create_index("ix_federated_sessions_user_id", "federated_sessions", ["user_id"])
    op.create_index("ix_federated_sessions_created_at", "federated_sessions", ["created_at"])
    op.create_table(
        "logout_tokens",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_logout_tokens_account_id"),
        sa.PrimaryKeyConstraint("account_id", "digest", name="pk_logout_tokens"),
    )
    op.create_index("ix_logout_tokens_expires_at", "logout_tokens", ["expires_at"])
