"""The database of an installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from linkxg.db import Database, open_database
from linkxg.db.sqlite_users import is_open_elsewhere
from linkxg.errors import OperatorError
from linkxg.settings import Settings


class NoDatabase(OperatorError):
    """The installation has no database yet."""


class DatabaseInUse(OperatorError):
    """Another process has the embedded database open."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Database]:
    """The database of `settings`, open; closed afterwards."""
    database = prepare_database(settings)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def prepare_database(settings: Settings) -> Database:
    """The database of `settings`, not connected; creates the data directory."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_database(settings.database, settings.data_dir)


def existing_database(settings: Settings) -> Database:
    """The database of `settings`, not connected. Raises NoDatabase where no embedded one exists."""
    database = open_database(settings.database)
    if database.file is not None and not database.file.exists():
        raise NoDatabase(f"there is no database at {database.file}; linkxg serve or linkxg migrate creates it")
    return database


def require_closed(database: Database) -> None:
    """Raises DatabaseInUse."""
    if database.file is not None and is_open_elsewhere(database.file):
        raise DatabaseInUse(f"a service is running on {database.file}, or another program has it open: stop it first")
