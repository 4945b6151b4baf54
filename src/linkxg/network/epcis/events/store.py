"""The tables of events: an event and an item meet in a row of `epcis_event_items`.

Ids are integers of this database: text ids would cost four times the space. The ids of the events of one account rise
in the order in which they were committed, since whoever inserts them holds the account's capture lock.
"""

from sqlalchemy import BigInteger, Column, Float, Index, LargeBinary, SmallInteger, String, Table, Text, text

from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.network.epcis.documents.model import MAX_URI

UPSTREAM, DOWNSTREAM = 0, 1
WIDE = 0
"""In place of an item's id, which begins at 1."""


def _text(length: int) -> String:
    """Compared by code point on both engines: prefixes are ranges of an index, and lists continue after a value."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


_IS_CLASS, _IS_OF_LOT = text("level = 3"), text("level = 1 and lot is not null")
_DECLARED = text("declaration_time <> ''")


def _where_given(name: str, column: str, *columns: str) -> Index:
    """An index of the rows that have a value in `column`: most rows lack most of them."""
    given = text(f"{column} is not null")
    return Index(name, *columns, sqlite_where=given, postgresql_where=given)


events = Table(
    "epcis_events",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("event_id", _text(MAX_URI), nullable=False),
    # Of the error declaration; empty for an event without one.
    Column("declaration_time", _text(24), nullable=False),
    Column("type", _text(20), nullable=False),
    Column("action", String(7)),
    Column("event_time", Milliseconds, nullable=False),
    Column("record_time", Milliseconds, nullable=False),
    Column("biz_step", _text(255)),
    Column("disposition", _text(255)),
    Column("read_point", _text(MAX_URI)),
    Column("biz_location", _text(MAX_URI)),
    Column("transformation_id", _text(MAX_URI)),
    Column("error_reason", String(255)),
    Column("content_hash", LargeBinary(32), nullable=False),
    Column("content", LargeBinary, nullable=False),
    # The JSON of the members of `@context` that are not EPCIS's own.
    Column("context", Text, nullable=False),
    # The job that captured it; null for an event that was sent alone.
    Column("job_id", String(36)),
    Index("ix_epcis_events_event_id", "account_id", "event_id", "declaration_time", unique=True),
    Index("ix_epcis_events_event_time", "account_id", "event_time", "id"),
    Index("ix_epcis_events_record_time", "account_id", "record_time", "id"),
    # A query by one of these reads its page in the order of time, and its values are listed without their events.
    Index("ix_epcis_events_type", "account_id", "type", "event_time", "id"),
    _where_given("ix_epcis_events_biz_step", "biz_step", "account_id", "biz_step", "event_time", "id"),
    _where_given("ix_epcis_events_disposition", "disposition", "account_id", "disposition", "event_time", "id"),
    _where_given("ix_epcis_events_read_point", "read_point", "account_id", "read_point", "event_time", "id"),
    _where_given("ix_epcis_events_biz_location", "biz_location", "account_id", "biz_location", "event_time", "id"),
    _where_given("ix_epcis_events_transformation_id", "transformation_id", "account_id", "transformation_id"),
    Index(
        "ix_epcis_events_declared", "account_id", "event_time", "id", sqlite_where=_DECLARED, postgresql_where=_DECLARED
    ),
    sqlite_autoincrement=True,
)

items = Table(
    "epcis_items",
    metadata,
    Column("id", Sequence, primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("uri", _text(MAX_URI), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("gtin14", String(14)),
    Column("lot", String(20)),
    Column("serial", String(28)),
    Index("ix_epcis_items_uri", "account_id", "uri", unique=True),
    Index("ix_epcis_items_gtin14", "account_id", "gtin14", "lot", "serial"),
    # Few or none: a walk that knows them need not look at each item.
    Index("ix_epcis_items_classes", "account_id", "id", sqlite_where=_IS_CLASS, postgresql_where=_IS_CLASS),
    Index("ix_epcis_items_of_lots", "account_id", "id", sqlite_where=_IS_OF_LOT, postgresql_where=_IS_OF_LOT),
    sqlite_autoincrement=True,
)

event_items = Table(
    "epcis_event_items",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("item_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role", SmallInteger, primary_key=True, autoincrement=False),
    # Of the event, so that the events of one item are read in the order of time, a page at once.
    Column("event_time", Milliseconds, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    # Among the uses of this item in this role, from 0: a class may stand in one list with several quantities.
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("is_class", SmallInteger, nullable=False),
    Column("quantity", Float(53)),
    Column("uom", String(3)),
    Index("ix_epcis_event_items_event_id", "account_id", "event_id", "role", "item_id"),
    sqlite_with_rowid=False,
)

genealogy = Table(
    # What was made of what, by transformations: derived from `epcis_event_items`, for walks of many items. Half the
    # look-ups, and a quarter of the space, since ids of items are of one account: an item is looked up there first, and
    # whatever is shown of those that are found is read with the account again.
    "epcis_genealogy",
    metadata,
    Column("direction", SmallInteger, primary_key=True, autoincrement=False),
    Column("item_id", BigInteger, primary_key=True, autoincrement=False),
    # WIDE for an event of so many inputs and outputs that its pairs are not stored.
    Column("other_id", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

event_values = Table(
    "epcis_event_values",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    # Among the values of this event, from 0.
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", _text(500), nullable=False),
    Column("text", _text(500)),
    Column("number", Float(53)),
    _where_given("ix_epcis_event_values_text", "text", "account_id", "name", "text", "event_id"),
    _where_given("ix_epcis_event_values_number", "number", "account_id", "name", "number", "event_id"),
    sqlite_with_rowid=False,
)
