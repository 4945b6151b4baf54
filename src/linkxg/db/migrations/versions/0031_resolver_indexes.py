"""Passports by GTIN alone, and items by their serial without the lot: what links of data carriers may name."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_MODEL = sa.text("lot = '' and serial = ''")
_ITEM = sa.text("serial <> ''")


def upgrade() -> None:
    op.create_index("ix_passports_model_gtin14", "passports", ["gtin14"], sqlite_where=_MODEL, postgresql_where=_MODEL)
    op.create_index(
        "ix_passports_item_serial",
        "passports",
        ["account_id", "gtin14", "serial"],
        sqlite_where=_ITEM,
        postgresql_where=_ITEM,
    )
