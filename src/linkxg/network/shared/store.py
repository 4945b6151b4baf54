"""The SQL of acknowledgements."""

from sqlalchemy import Column, Index, String, Table, Text

from linkxg.db.schema import Milliseconds, Sequence, metadata

acknowledgements = Table(
    "acknowledgements",
    metadata,
    # The owner of the product; the viewer acknowledges.
    Column("account_id", String(36), primary_key=True),
    Column("product_id", String(36), primary_key=True),
    Column("viewer_id", String(36), primary_key=True),
    Column("version", Sequence, nullable=False),
    Column("status", String(8), nullable=False),
    Column("reason", String(1000)),
    Column("fields", Text),
    Column("at", Milliseconds, nullable=False),
    Index("ix_acknowledgements_viewer_id", "viewer_id", "account_id"),
)
