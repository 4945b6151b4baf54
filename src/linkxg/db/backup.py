"""Writes a backup of a database in use to one file, and reads such a file.

The file is a SQLite database with one more table, its label. From SQLite it is copied page by page with the online
backup API, from PostgreSQL row by row, both from one snapshot.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, NullPool, create_engine

from linkxg.db.copy import CopyError, ReportProgress, copy_rows, require_known_tables
from linkxg.db.database import Database
from linkxg.db.journals import JOURNALS, require_own_journals
from linkxg.db.migrations import current, head, is_known, upgrade
from linkxg.db.sqlite import SQLiteDatabase
from linkxg.runtime.files import create_private, open_foreign

PAGES = 1_024
_CHUNK = 1 << 20
_LABEL = "linkxg_backup"


class Label(NamedTuple):
    """When (milliseconds), from which engine and by which program version a backup was made."""

    made_at: int
    engine: str
    version: str


async def write_backup(database: Database, file: Path, label: Label, on_progress: ReportProgress) -> None:
    """Write a snapshot of `database` to the empty `file`.

    Raises CopyError for a PostgreSQL database with another schema than this program's.
    """
    if isinstance(database, SQLiteDatabase):
        copy_pages(database.path, file, on_progress)
    else:
        with _writable(file) as target:
            upgrade(target)
            await database.read_long(_copy, target, on_progress)
    with closing(_connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"create table {_LABEL} (made_at integer, engine text, version text)")
        connection.execute(f"insert into {_LABEL} values (?, ?, ?)", label)  # noqa: S608


def copy_pages(source: Path, target: Path, on_progress: ReportProgress) -> None:
    """Copy with SQLite's online backup API; `target` is empty."""
    require_own_journals(source)
    with closing(_connect(source)) as found, closing(_connect(target)) as copy:
        # With its own snapshot open, the source cannot change under the copy, however busy its writers are.
        found.execute("BEGIN")
        found.execute("select count(*) from sqlite_master").fetchone()
        found.backup(copy, pages=PAGES, sleep=0, progress=lambda _, left, total: on_progress(total - left, total))


def read_label(file: Path) -> Label:
    """The label of `file`. Raises CopyError for anything but a complete backup of `write_backup`.

    SQLite would replay journals beside the file: a backup has none, and is opened as immutable.
    """
    _require_alone(file)
    try:
        with closing(_connect(file, "mode=ro&immutable=1")) as connection:
            row = connection.execute(f"select made_at, engine, version from {_LABEL}").fetchone()  # noqa: S608
            faults = connection.execute("PRAGMA integrity_check(1)").fetchone()
            orphans = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise CopyError(f"{file} is not a backup made by linkxg: {error}") from None
    if row is None or faults != ("ok",) or orphans is not None:
        raise CopyError(f"{file} is damaged: {faults[0] if faults != ('ok',) else 'rows are missing'}")
    return Label(*row)


@contextmanager
def open_copy(file: Path, copy: Path) -> Iterator[Connection]:
    """The content of a backup, migrated in the new file `copy`; `file` is not modified.

    Raises CopyError for an unknown schema.
    """
    _require_alone(file)
    with open(open_foreign(file), "rb") as found_bytes, open(create_private(copy), "wb") as copied:
        shutil.copyfileobj(found_bytes, copied, _CHUNK)
    with _writable(copy) as conn:
        found = current(conn)
        if found is None or not is_known(found):
            raise CopyError(f"{file} has schema {found}, which is newer than this program; upgrade the program")
        upgrade(conn)
        conn.exec_driver_sql(f"drop table {_LABEL}")
        require_known_tables(conn)
        yield conn


def _require_alone(file: Path) -> None:
    for journal in (file.with_name(file.name + suffix) for suffix in JOURNALS):
        if os.path.lexists(journal):
            raise CopyError(f"{journal} is not part of a backup: check who created it, move it away, and restore again")
    os.close(open_foreign(file))


def _copy(conn: Connection, target: Connection, on_progress: ReportProgress) -> None:
    found = current(conn)
    if found != head():
        do = "run linkxg migrate" if found is None or is_known(found) else "upgrade the program"
        raise CopyError(f"the database has schema {found or 'none'}, this program {head()}: {do}")
    require_known_tables(conn)
    copy_rows(conn, target, on_progress=on_progress)


@contextmanager
def _writable(file: Path) -> Iterator[Connection]:
    """One transaction on a private SQLite file."""
    engine = create_engine("sqlite://", creator=lambda: _connect(file), poolclass=NullPool, hide_parameters=True)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA synchronous = OFF")
        conn.exec_driver_sql("BEGIN")
        yield conn
        conn.exec_driver_sql("COMMIT")


def _connect(file: Path, how: str = "mode=rw") -> sqlite3.Connection:
    """Connect to an existing file: a missing one is an error, not an empty database."""
    return sqlite3.connect(f"file:{quote(str(file))}?{how}", uri=True, isolation_level=None)
