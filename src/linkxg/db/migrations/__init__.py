"""Migrates a database to the schema of this program.

One forward-only Alembic chain for both engines, run under a lock: of several starters one migrates, the others wait.
A database that a newer program has migrated is refused.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from linkxg.db.database import Database
from linkxg.errors import OperatorError

UNFINISHED = "linkxg_copy"
"""A table that is there while rows are being copied into the database, and not all of them are."""
_LOCK = 0x6C786D67  # «lxmg»
_VERSIONS = Path(__file__).parent / "versions"


class OlderSchema(Exception):
    """This program needs a schema that nobody has made yet: `linkxg migrate`."""


class UnfinishedCopy(OperatorError):
    """A copy into this database was interrupted: finish it, or use another database."""


class NewerSchema(OperatorError):
    """The database belongs to a newer program; start that one."""


def head() -> str:
    """The revision that this program needs."""
    return _revisions()[-1]


def current(conn: Connection) -> str | None:
    """The revision that the database has; None for an empty one."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("select version_num from alembic_version")).scalar()
    return found


def is_known(revision: str) -> bool:
    """Whether this program has that revision in its chain."""
    return revision in _revisions()


def require_schema(conn: Connection) -> None:
    """Raises OlderSchema. A newer one is left to those who serve beside this process while a new version rolls out."""
    found = current(conn)
    if found is None or (is_known(found) and found != head()):
        raise OlderSchema(f"the database has schema {found or 'none'}, this program needs {head()}: run linkxg migrate")


async def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to `head()`; returns (revision before, revision after). Raises NewerSchema."""
    return await database.run_exclusive(upgrade)


def upgrade(conn: Connection) -> tuple[str | None, str]:
    """`migrate` on a connection whose transaction the caller ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if inspect(conn).has_table(UNFINISHED):
        raise UnfinishedCopy("a copy into this database is not complete: run linkxg copy again")
    before = current(conn)
    if before is not None and not is_known(before):
        raise NewerSchema(f"the database has schema {before}, which is newer than this program; upgrade the program")
    if before != head():
        # Only here: a start on a database that is up to date does without loading Alembic.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
    return before, head()


def _revisions() -> list[str]:
    """The chain in order: each file of `versions` begins with the number of its revision."""
    return sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))
