"""Indexes of shares and requests that PostgreSQL uses whatever its statistics say, and by which old rows are found.

Without statistics, a partial index of live rows looks almost empty. So only indexes by the viewer are partial, and what
a viewer reads never goes through an index by the owner.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_OPEN = sa.text("withdrawn_at is null and expiry_recorded_at is null")
_WITHDRAWN, _EXPIRED = sa.text("withdrawn_at is not null"), sa.text("expiry_recorded_at is not null")


def upgrade() -> None:
    for name in ("ix_shares_viewer_subject", "ix_shares_viewer_product", "ix_shares_account_product"):
        op.drop_index(name, "shares")
    _create_partial("ix_shares_viewer_subject", ["viewer_id", "account_id", "subject"], _OPEN)
    _create_partial("ix_shares_viewer_product", ["viewer_id", "type", "account_id", "product_id"], _OPEN)
    _create_partial("ix_shares_open_expires_at", ["expires_at"], _OPEN)
    ended = ["withdrawn_at", "expiry_recorded_at"]
    op.create_index("ix_shares_account_product", "shares", ["account_id", *ended, "type", "product_id"])
    op.create_index(
        "ix_shares_account_connection_subject",
        "shares",
        ["account_id", "connection_id", *ended, "subject", "expires_at"],
    )
    op.create_index("ix_shares_account_viewer_subject", "shares", ["account_id", "viewer_id", "subject", *ended])
    _create_partial("ix_shares_withdrawn_at", ["withdrawn_at"], _WITHDRAWN)
    _create_partial("ix_shares_expiry_recorded_at", ["expiry_recorded_at"], _EXPIRED)
    op.drop_index("ix_acknowledgements_viewer_id", "acknowledgements")
    op.create_index(
        "ix_acknowledgements_viewer_account_at", "acknowledgements", ["viewer_id", "account_id", "at", "status"]
    )
    op.create_index("ix_share_requests_pending", "share_requests", ["account_id", "connection_id", "status"])
    op.create_index("ix_share_requests_requester_id_status_id", "share_requests", ["requester_id", "status", "id"])
    op.create_index("ix_share_requests_decided_at", "share_requests", ["decided_at"])
    if op.get_bind().dialect.name == "postgresql":
        # For equality alone: a range of ids is read by the owner first.
        op.drop_index("ix_products_published_id", "products")
        published = sa.text("latest_version is not null")
        op.create_index(
            "ix_products_published_id", "products", ["id"], postgresql_using="hash", postgresql_where=published
        )


def _create_partial(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "shares", columns, sqlite_where=where, postgresql_where=where)
