"""Events, items, which items an event is about, and values that queries find events by."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(length: int) -> sa.String:
    """Compared by code point on both engines."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "epcis_events",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("event_id", _text(2_000), nullable=False),
        sa.Column("declaration_time", _text(24), nullable=False),
        sa.Column("type", _text(20), nullable=False),
        sa.Column("action", sa.String(7), nullable=True),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("record_time", sa.BigInteger(), nullable=False),
        sa.Column("biz_step", _text(255), nullable=True),
        sa.Column("disposition", _text(255), nullable=True),
        sa.Column("read_point", _text(2_000), nullable=True),
        sa.Column("biz_location", _text(2_000), nullable=True),
        sa.Column("transformation_id", _text(2_000), nullable=True),
        sa.Column("error_reason", sa.String(255), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_epcis_events"),
        sqlite_autoincrement=True,
    )
    _index("epcis_events", "event_id", "account_id", "event_id", "declaration_time", unique=True)
    _index("epcis_events", "event_time", "account_id", "event_time", "id")
    _index("epcis_events", "record_time", "account_id", "record_time", "id")
    _index("epcis_events", "type", "account_id", "type", "event_time", "id")
    for column in ("biz_step", "disposition", "read_point", "biz_location"):
        _index("epcis_events", column, "account_id", column, "event_time", "id", given=column)
    _index("epcis_events", "transformation_id", "account_id", "transformation_id", given="transformation_id")
    declared = sa.text("declaration_time <> ''")
    op.create_index(
        "ix_epcis_events_declared",
        "epcis_events",
        ["account_id", "event_time", "id"],
        sqlite_where=declared,
        postgresql_where=declared,
    )
    op.create_table(
        "epcis_items",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("uri", _text(2_000), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("gtin14", sa.String(14), nullable=True),
        sa.Column("lot", sa.String(20), nullable=True),
        sa.Column("serial", sa.String(28), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_epcis_items"),
        sqlite_autoincrement=True,
    )
    _index("epcis_items", "uri", "account_id", "uri", unique=True)
    _index("epcis_items", "gtin14", "account_id", "gtin14", "lot", "serial")
    for name, condition in (("classes", "level = 3"), ("of_lots", "level = 1 and lot is not null")):
        where = sa.text(condition)
        op.create_index(
            f"ix_epcis_items_{name}", "epcis_items", ["account_id", "id"], sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "epcis_event_items",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("is_class", sa.SmallInteger(), nullable=False),
        sa.Column("quantity", sa.Float(53), nullable=True),
        sa.Column("uom", sa.String(3), nullable=True),
        sa.PrimaryKeyConstraint(
            "account_id", "item_id", "role", "event_time", "event_id", "position", name="pk_epcis_event_items"
        ),
        sqlite_with_rowid=False,
    )
    _index("epcis_event_items", "event_id", "account_id", "event_id", "role", "item_id")
    op.create_table(
        "epcis_genealogy",
        sa.Column("direction", sa.SmallInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("direction", "item_id", "other_id", "event_id", name="pk_epcis_genealogy"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "epcis_event_values",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", _text(500), nullable=False),
        sa.Column("text", _text(500), nullable=True),
        sa.Column("number", sa.Float(53), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "event_id", "position", name="pk_epcis_event_values"),
        sqlite_with_rowid=False,
    )
    _index("epcis_event_values", "text", "account_id", "name", "text", "event_id", given="text")
    _index("epcis_event_values", "number", "account_id", "name", "number", "event_id", given="number")


def _index(table: str, name: str, *columns: str, unique: bool = False, given: str | None = None) -> None:
    """`given`: only the rows that have a value in this column."""
    where = None if given is None else sa.text(f"{given} is not null")
    op.create_index(
        f"ix_{table}_{name}", table, list(columns), unique=unique, sqlite_where=where, postgresql_where=where
    )
