"""Accounts have a slug and a GLN; connections, shares, the feed of changes, requests and the access log."""

import re
import secrets
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LIVE = "withdrawn_at is null"
_RESERVED = {
    "account", "api", "assets", "audit", "connections", "dpp", "epcis", "favicon", "healthz", "help", "imports",
    "invitations", "linkxg", "metrics", "openapi", "partners", "products", "readyz", "requests", "robots", "sessions",
    "shared", "shares", "sign-in", "sign-out", "static", "v1", "well-known", "www",
}  # fmt: skip


def upgrade() -> None:
    _extend_accounts()
    _create_connections()
    _create_shares()
    _create_feed()
    _create_requests()
    # By its id alone, a product that is shared is found without knowing whose it is.
    published = sa.text("latest_version is not null")
    op.create_index("ix_products_published_id", "products", ["id"], sqlite_where=published, postgresql_where=published)
    for name, columns in (
        ("ix_products_published_account_id_id", ["account_id", "id"]),
        ("ix_products_published_account_id_category_id", ["account_id", "category", "id"]),
    ):
        op.create_index(name, "products", columns, sqlite_where=published, postgresql_where=published)


def _extend_accounts() -> None:
    op.add_column("accounts", sa.Column("slug", sa.String(length=39), nullable=False, server_default=""))
    op.add_column("accounts", sa.Column("gln", sa.String(length=13), nullable=True))
    conn = op.get_bind()
    taken = set(_RESERVED)
    for row in conn.execute(sa.text("select id, name from accounts order by id")).all():
        slug = _slug(row.name)
        if slug in taken:
            slug = f"{slug}-{secrets.token_hex(3)}"
        taken.add(slug)
        conn.execute(sa.text("update accounts set slug = :slug where id = :id"), {"slug": slug, "id": row.id})
    op.create_index("ix_accounts_slug", "accounts", ["slug"], unique=True)
    op.create_index("ix_accounts_gln", "accounts", ["gln"])


def _slug(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:32].rstrip("-")
    return slug if re.fullmatch("[a-z][a-z0-9-]+", slug) else f"account-{slug}".rstrip("-")[:32]


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("partner_id", sa.String(length=36), nullable=True),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("relationship", sa.String(length=8), nullable=False),
        sa.Column("invitee", sa.String(length=254), nullable=True),
        sa.Column("invitee_key", sa.String(length=260), nullable=True),
        sa.Column("token_digest", sa.LargeBinary(), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=True),
        sa.Column("invited_by", sa.String(length=36), nullable=True),
        sa.Column("invited_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("responded_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_connections_account_id"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_connections"),
    )
    op.create_index("ix_connections_account_id_status_id", "connections", ["account_id", "status", "id"])
    ended = sa.text("status <> 'ACTIVE'")
    op.create_index(
        "ix_connections_expires_at", "connections", ["expires_at"], sqlite_where=ended, postgresql_where=ended
    )
    op.create_index("ix_connections_invitee", "connections", ["account_id", "invitee_key", "invited_at"])
    op.create_index("ix_connections_token_digest", "connections", ["token_digest"], unique=True)
    active, pending = sa.text("status = 'ACTIVE'"), sa.text("status = 'PENDING' and invitee_key is not null")
    op.create_index(
        "ix_connections_active", "connections", ["account_id", "partner_id"], unique=True,
        sqlite_where=active, postgresql_where=active,
    )  # fmt: skip
    op.create_index(
        "ix_connections_pending", "connections", ["account_id", "invitee_key"], unique=True,
        sqlite_where=pending, postgresql_where=pending,
    )  # fmt: skip


def _create_shares() -> None:
    op.create_table(
        "shares",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("viewer_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("subject", sa.String(length=102), nullable=False),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("versions", sa.String(length=6), nullable=False),
        sa.Column("traceability", sa.String(length=6), nullable=False),
        sa.Column("trace_tiers", sa.SmallInteger(), nullable=False),
        sa.Column("passport_roles", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("expiry_recorded_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_shares_account_id"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_shares"),
    )
    live = sa.text(_LIVE)
    for name, columns in (
        ("ix_shares_viewer_subject", ["viewer_id", "account_id", "subject"]),
        ("ix_shares_viewer_product", ["viewer_id", "type", "account_id", "product_id"]),
        ("ix_shares_account_product", ["account_id", "type", "product_id"]),
    ):
        op.create_index(name, "shares", columns, sqlite_where=live, postgresql_where=live)
    due = sa.text("withdrawn_at is null and expiry_recorded_at is null")
    op.create_index("ix_shares_due", "shares", ["viewer_id", "expires_at"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_shares_account_id_connection_id_id", "shares", ["account_id", "connection_id", "id"])
    op.create_table(
        "acknowledgements",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("viewer_id", sa.String(length=36), nullable=False),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "product_id", "viewer_id", name="pk_acknowledgements"),
    )
    op.create_index("ix_acknowledgements_viewer_id", "acknowledgements", ["viewer_id", "account_id"])


def _create_feed() -> None:
    op.create_table(
        "feed_heads",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("seq", _COUNT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_feed_heads"),
    )
    op.create_table(
        "feed_entries",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("seq", _COUNT, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=True),
        sa.Column("share_id", sa.String(length=36), nullable=True),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("product_id", sa.String(length=36), nullable=True),
        sa.Column("version", _COUNT, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "seq", name="pk_feed_entries"),
    )
    op.create_index("ix_feed_entries_at", "feed_entries", ["at"])


def _create_requests() -> None:
    op.create_table(
        "share_requests",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("requester_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=2048), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("share_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_share_requests"),
    )
    op.create_index("ix_share_requests_account_id_status_id", "share_requests", ["account_id", "status", "id"])
    op.create_index("ix_share_requests_requester_id_id", "share_requests", ["requester_id", "id"])
    op.create_table(
        "shared_reads",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("viewer_id", sa.String(length=36), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("reads", _COUNT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "viewer_id", "hour", "product_id", name="pk_shared_reads"),
    )
    op.create_index("ix_shared_reads_hour", "shared_reads", ["hour"])
