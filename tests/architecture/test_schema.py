"""The migrations make the schema that the stores were written for, on both engines."""

from __future__ import annotations

import asyncio
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, ForeignKeyConstraint, Table, UniqueConstraint, inspect

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
def test_migrated_and_declared_schema_are_the_same(engine: str, new_database: DatabaseFactory) -> None:
    edge()  # every feature has registered its tables then

    async def compare() -> None:
        database = open_database(new_database(engine).url)
        assert await migrate(database) == (None, head())
        assert await database.run_exclusive(_differences) == []
        assert await database.run_exclusive(current) == head()
        assert await migrate(database) == (head(), head())

    asyncio.run(compare())


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.parametrize("engine", ENGINES)
def test_constraints_are_named_by_one_convention(engine: str, new_database: DatabaseFactory) -> None:
    """Alembic compares no names, and a later migration can only change a constraint whose name it knows."""
    edge()

    def names(conn: Connection) -> dict[str, set[str]]:
        inspector = inspect(conn)
        return {
            table: {str(inspector.get_pk_constraint(table)["name"])}
            | {str(one["name"]) for one in inspector.get_foreign_keys(table)}
            | {str(one["name"]) for one in inspector.get_unique_constraints(table)}
            for table in metadata.tables
        }

    async def read() -> dict[str, set[str]]:
        database = open_database(new_database(engine).url)
        await migrate(database)
        return await database.run_exclusive(names)

    expected = {name: _constraint_names(table) for name, table in metadata.tables.items()}
    if engine == "sqlite":  # AUTOINCREMENT stands only behind a key without a name.
        expected |= {table: {"None"} for table in ("changes", "epcis_events", "epcis_items")}
    assert asyncio.run(read()) == expected


def _constraint_names(table: Table) -> set[str]:
    names = {f"pk_{table.name}" if table.primary_key.columns else "None"}
    for one in table.constraints:
        if isinstance(one, ForeignKeyConstraint | UniqueConstraint):
            kind = "uq" if isinstance(one, UniqueConstraint) else "fk"
            names.add("_".join([kind, table.name, *one.columns.keys()]))
    return names


def test_an_index_finds_the_rows_that_are_deleted_with_another() -> None:
    """Otherwise the removal of one person looks at every row of every other."""
    edge()
    for table in metadata.tables.values():
        leading = set(table.primary_key.columns.keys()[:1])
        leading |= {one.columns.keys()[0] for one in table.indexes if one.columns}
        leading |= {one.columns.keys()[0] for one in table.constraints if isinstance(one, UniqueConstraint)}
        for key in table.foreign_key_constraints:
            assert key.ondelete is None or key.column_keys[0] in leading, f"{table.name}: {key.column_keys}"


def test_what_names_a_person_is_deleted_with_them() -> None:
    edge()
    for table in metadata.tables.values():
        if "user_id" in table.columns:
            keys = table.columns["user_id"].foreign_keys
            assert [(key.target_fullname, key.ondelete) for key in keys] == [("users.id", "CASCADE")], table.name


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
