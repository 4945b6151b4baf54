"""Sender-constrained tokens: options of clients, their certificates, and used DPoP proofs."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A node of the release before writes none of them.
    for option in ("dpop_bound", "certificate_bound"):
        op.add_column("oauth_clients", sa.Column(option, sa.Boolean, nullable=False, server_default=sa.false()))
    seconds = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "client_certificates",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("thumbprint", sa.String(43), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("not_before", seconds, nullable=False),
        sa.Column("not_after", seconds, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client_certificates"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.id"], name="fk_client_certificates_client_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_client_certificates_client_id_thumbprint", "client_certificates", ["client_id", "thumbprint"], unique=True
    )
    op.create_index("ix_client_certificates_account_id_client_id", "client_certificates", ["account_id", "client_id"])
    op.create_table(
        "used_dpop_proofs",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_dpop_proofs"),
    )
    op.create_index("ix_used_dpop_proofs_expires_at", "used_dpop_proofs", ["expires_at"])
