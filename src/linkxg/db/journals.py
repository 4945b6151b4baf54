"""Refuses journals beside a SQLite database that another user has planted: SQLite would replay them."""

from pathlib import Path

from linkxg.db.database import UnsafeDatabase
from linkxg.runtime.files import UnsafeFile, require_own_companions

JOURNALS = ("-wal", "-journal", "-shm")


def require_own_journals(database: Path) -> None:
    """Raises UnsafeDatabase for a journal that is a link, or another user's; called before each connection."""
    try:
        require_own_companions(database, JOURNALS)
    except UnsafeFile as error:
        raise UnsafeDatabase(str(error)) from None
