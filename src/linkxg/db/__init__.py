"""The only code that knows which engine keeps the rows.

`database.Database` has the two doors, `read` and `write`; `open_database` picks the engine from the address.
"""

from linkxg.db.database import Database, open_database
from linkxg.db.invalidation_feed import Invalidation, InvalidationFeed
from linkxg.db.schema import metadata

__all__ = ["Database", "Invalidation", "InvalidationFeed", "metadata", "open_database"]
