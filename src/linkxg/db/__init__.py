"""The only code that knows which engine keeps the rows.

`database.Database` has the two doors, `read` and `write`; `open_database` picks the engine from the address.
"""

from linkxg.db.changes import Change, ChangeFeed
from linkxg.db.database import Database, open_database
from linkxg.db.schema import metadata

__all__ = ["Change", "ChangeFeed", "Database", "metadata", "open_database"]
