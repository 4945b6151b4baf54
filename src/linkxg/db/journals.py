"""The files that SQLite keeps beside a database, and replays into it: those that somebody planted are not replayed."""

from pathlib import Path

from linkxg.db.database import UnsafeDatabase
from linkxg.runtime.files import UnsafeFile, require_own_companions

JOURNALS = ("-wal", "-journal", "-shm")


def require_own_journals(database: Path) -> None:
    """Raises UnsafeDatabase for a journal that is a link, or another user's. For before each connection."""
    try:
        require_own_companions(database, JOURNALS)
    except UnsafeFile as error:
        raise UnsafeDatabase(str(error)) from None
