"""The SQL of the access log: reads of shared products, counted by hour."""

from sqlalchemy import Column, Index, String, Table

from linkxg.db.schema import Milliseconds, Sequence, metadata

shared_reads = Table(
    "shared_reads",
    metadata,
    # The owner of the product.
    Column("account_id", String(36), primary_key=True),
    Column("viewer_id", String(36), primary_key=True),
    Column("hour", Milliseconds, primary_key=True, autoincrement=False),
    Column("product_id", String(36), primary_key=True),
    Column("reads", Sequence, nullable=False),
    Index("ix_shared_reads_hour", "hour"),
)
