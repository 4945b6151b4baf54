"""Clients: from which addresses each secret is used. People: e-mail addresses are compared with the domain in ASCII."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("client_secrets", sa.Column("tested_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "client_secret_sources",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("uses", sequence, nullable=False),
        sa.ForeignKeyConstraint(
            ["secret_id"], ["client_secrets.id"], name="fk_client_secret_sources_secret_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "secret_id", "source", name="pk_client_secret_sources"),
    )
    op.create_index("ix_client_secret_sources_secret_id", "client_secret_sources", ["secret_id"], unique=False)
    _fold_domains("users")
    _fold_domains("invitations")


def _fold_domains(table: str) -> None:
    """Rewrite the keys of addresses whose domain has letters beyond ASCII (RFC 5891).

    A key that somebody else has already stays as it was: of two who are one address now, the ASCII one signs in.
    """
    conn = op.get_bind()
    rows = conn.execute(sa.text(f"SELECT id, email_key FROM {table}")).all()
    taken = {row.email_key for row in rows}
    for row in rows:
        if row.email_key.isascii():
            continue
        key = _ascii_domain(row.email_key)
        if key == row.email_key or (table == "users" and key in taken):
            continue
        taken.add(key)
        conn.execute(sa.text(f"UPDATE {table} SET email_key = :key WHERE id = :id"), {"key": key, "id": row.id})


def _ascii_domain(key: str) -> str:
    import idna

    local, _, domain = key.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return key
