"""The only package that knows the database engines.

Verbs use `read` and `write` of `database.Database`; `open_database` chooses the engine by the address.
"""

from linkxg.db.database import Database, open_database
from linkxg.db.invalidation_feed import Invalidation, InvalidationFeed
from linkxg.db.schema import metadata

__all__ = ["Database", "Invalidation", "InvalidationFeed", "metadata", "open_database"]
