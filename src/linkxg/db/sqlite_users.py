"""Detects that another process has a SQLite database open, wherever that process keeps its data directory.

In WAL mode every connection holds a shared lock on the file for as long as it is open, so that a connection in
exclusive locking mode can begin only where there is no other (sqlite.org/wal.html#noshm).
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from linkxg.db.journals import require_own_journals

WAIT_S = 1.0


def is_open_elsewhere(file: Path) -> bool:
    """Whether any other connection to the database `file` is open; waits for a command that is just ending."""
    if not file.exists():
        return False
    require_own_journals(file)
    address = f"file:{quote(str(file))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT_S)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        except sqlite3.DatabaseError:
            # Damage is reported where the rows are read.
            return False
    return False
