"""The migrations make the schema that the stores were written for, on both engines."""

from __future__ import annotations

import asyncio
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from architecture.program import SOURCE, edge
from conftest import ENGINES, DatabaseFactory
from linkxg.db import metadata, open_database
from linkxg.db.migrations import current, head, migrate

VERSIONS = SOURCE / "db" / "migrations"


def _differences(conn: Connection) -> list[object]:
    context = MigrationContext.configure(conn, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


# SQLite does not tell what an index over an expression is made of; PostgreSQL does.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
@pytest.mark.parametrize("engine", ENGINES)
# An index over lower(name) cannot be read back from SQLite, so it is not compared.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_migrated_and_declared_schema_are_the_same(engine: str, new_database: DatabaseFactory) -> None:
    edge()  # every feature has registered its tables then

    async def compare() -> None:
        database = open_database(new_database(engine).url)
        assert await migrate(database) == (None, head())
        assert await database.run_exclusive(_differences) == []
        assert await database.run_exclusive(current) == head()
        assert await migrate(database) == (head(), head())

    asyncio.run(compare())


def test_the_chain_has_no_branches() -> None:
    script = ScriptDirectory(str(VERSIONS))
    assert script.get_heads() == [head()]
    chain = list(script.walk_revisions())
    for later, earlier in zip(chain, [*chain[1:], None], strict=True):
        assert later.down_revision == (earlier.revision if earlier else None)


def test_revisions_are_numbered_in_order() -> None:
    script = ScriptDirectory(str(VERSIONS))
    numbers = [revision.revision for revision in reversed(list(script.walk_revisions()))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    for path in (VERSIONS / "versions").glob("*.py"):
        if path.name != "__init__.py":
            assert re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", path.name), path
