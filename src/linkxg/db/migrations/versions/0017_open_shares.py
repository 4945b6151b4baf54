"""The indexes of live shares leave out those whose expiry is recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None

_OPEN = "withdrawn_at is null and expiry_recorded_at is null"
_NARROWED = {
    "ix_shares_viewer_subject": ["viewer_id", "account_id", "subject"],
    "ix_shares_viewer_product": ["viewer_id", "type", "account_id", "product_id"],
    "ix_shares_account_product": ["account_id", "type", "product_id"],
}
_NEW = {
    "ix_shares_connection_subject": ["account_id", "connection_id", "subject"],
    "ix_shares_expires_at": ["expires_at"],
}


def upgrade() -> None:
    for name in _NARROWED:
        op.drop_index(name, "shares")
    is_open = sa.text(_OPEN)
    for name, columns in (_NARROWED | _NEW).items():
        op.create_index(name, "shares", columns, sqlite_where=is_open, postgresql_where=is_open)
