"""Second factors: authenticator apps, recovery codes, sign-ins in two steps, and what accounts require."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("mfa_requirement", sa.String(length=20), server_default="NONE", nullable=False))
    op.add_column("accounts", sa.Column("mfa_required_from", sa.BigInteger()))
    op.add_column("accounts", sa.Column("step_up_minutes", sa.Integer()))
    op.add_column("users", sa.Column("has_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "totp_factors",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", number, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_totp_factors_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_totp_factors"),
    )
    op.create_index("ix_totp_factors_user_id", "totp_factors", ["user_id"])
    op.create_index("ix_totp_factors_created_at", "totp_factors", ["created_at"])
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_recovery_codes"),
    )
    op.create_table(
        "mfa_challenges",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("user_epoch", number, nullable=False),
        sa.Column("password_digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("session_id", sa.String(length=36)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mfa_challenges_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_mfa_challenges"),
    )
    op.create_index("ix_mfa_challenges_user_id_created_at", "mfa_challenges", ["user_id", "created_at"])
    op.create_index("ix_mfa_challenges_expires_at", "mfa_challenges", ["expires_at"])
