"""Rows are found by the values of several columns with the index of these columns, not by reading the table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine, event, select

import linkxg
from linkxg.catalog.products.versions.store import list_previous_contents
from linkxg.db.copy_state import differing
from linkxg.db.row_values import is_one_of
from linkxg.db.schema import metadata
from linkxg.network.access_log.store import purge_reads, shared_reads
from linkxg.network.feed.store import feed_entries, purge_entries
from linkxg.network.passports.signing.store import merge_entries
from linkxg.ops.tables import register_tables

pytestmark = pytest.mark.any_engine
register_tables()
MADE: dict[type, Callable[[int], Any]] = {int: int, str: str, bytes: lambda number: bytes([number])}
SOURCES = sorted(Path(linkxg.__file__).parent.rglob("*.py"))


def several() -> list[Table]:
    """The tables whose primary key has several columns."""
    return [table for table in metadata.sorted_tables if len(table.primary_key.columns) > 1]


def plan(conn: Connection, statement: str, parameters: Any) -> list[str]:
    return [str(row[3]) for row in conn.exec_driver_sql(f"explain query plan {statement}", parameters)]


@pytest.mark.parametrize("table", several(), ids=lambda table: table.name)
def test_rows_are_found_by_all_columns_of_the_key(table: Table) -> None:
    engine, statements, key = create_engine("sqlite://"), list[tuple[str, Any]](), tuple(table.primary_key.columns)
    rows = [tuple(MADE[one.type.python_type](number) for one in key) for number in range(3)]

    @event.listens_for(engine, "before_cursor_execute")
    def keep(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        statements.append((statement, parameters))

    with engine.begin() as conn:
        table.create(conn)
        statements.clear()
        conn.execute(select(*key).where(is_one_of(key, rows)))
        conn.execute(table.delete().where(is_one_of(key, rows)))
        for statement, parameters in list(statements):
            steps = plan(conn, statement, parameters)
            assert any(all(f"{one.name}=?" in step for one in key) for step in steps), steps


@pytest.mark.parametrize("table", several(), ids=lambda table: table.name)
def test_a_copy_is_compared_by_all_columns_of_the_key(table: Table) -> None:
    """Otherwise each part of a table reads all of it."""
    with create_engine("sqlite://").begin() as conn:
        table.create(conn)
        traced: list[str] = []
        driver: Any = conn.connection.driver_connection
        driver.set_trace_callback(traced.append)
        assert differing(conn, table, [("a",) * len(table.columns), ("b",) * len(table.columns)]) == 2
        driver.set_trace_callback(None)
        (statement,) = traced
        steps = plan(conn, statement, ())
        assert any(all(f"{one.name}=?" in step for one in table.primary_key.columns) for step in steps), steps


ENTRIES = [
    {
        "account_id": "a", "passport_id": str(number), "version": 1, "list_number": 1, "position": number,
        "product_id": "p", "product_version": 1, "revoked_at": None,
    }
    for number in range(3)
]  # fmt: skip
MANY: dict[str, tuple[Callable[[Connection], Any], list[str]]] = {
    "previous contents": (
        lambda conn: list_previous_contents(conn, "a", {"p": 3, "q": 4}),
        ["account_id=? AND product_id=? AND version<?"],
    ),
    "status entries": (
        lambda conn: merge_entries(conn, "a", ENTRIES),
        ["account_id=? AND passport_id=? AND version=?", "account_id=? AND list_number=? AND position=?"],
    ),
}


@pytest.mark.parametrize("name", MANY)
def test_what_is_asked_for_many_at_once_reads_no_whole_account(name: str) -> None:
    look_up, columns = MANY[name]
    engine, statements = create_engine("sqlite://"), list[tuple[str, Any]]()

    @event.listens_for(engine, "before_cursor_execute")
    def keep(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        statements.append((statement, parameters))

    with engine.begin() as conn:
        metadata.create_all(conn)
        statements.clear()
        look_up(conn)
        read = [one for one in statements if not one[0].startswith("INSERT")]
        steps = [step for statement, parameters in read for step in plan(conn, statement, parameters)]
        assert not any(step.endswith("(account_id=?)") for step in steps), steps
        assert all(any(f"({one})" in step for step in steps) for one in columns), steps


def _made(table: Table, **given: Any) -> dict[str, Any]:
    """A row with some value in each column that needs one."""
    needed = {one.name: MADE[one.type.python_type](0) for one in table.columns if not one.nullable}
    return needed | given


@pytest.mark.parametrize(
    ("table", "time", "purge"), [(feed_entries, "at", purge_entries), (shared_reads, "hour", purge_reads)]
)
def test_a_purge_returns_how_many_rows_it_has_deleted(table: Table, time: str, purge: Callable[..., int]) -> None:
    with create_engine("sqlite://").begin() as conn:
        table.create(conn)
        varied = "seq" if table is feed_entries else "product_id"
        kind = MADE[table.c[varied].type.python_type]
        conn.execute(table.insert(), [_made(table, **{varied: kind(number), time: number}) for number in range(6)])
        assert [purge(conn, now=10**13, limit=4) for _ in range(3)] == [4, 2, 0]


def _lists(tree: ast.Module) -> Iterator[int]:
    """The lines of `tuple_(…).in_(x)` where `x` is no select."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        assigned = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Call(func=ast.Name(id="tuple_")), attr="in_"), args=[argument]
                ):
                    root: ast.expr = assigned.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
                    while isinstance(root, ast.Call | ast.Attribute):
                        root = root.func if isinstance(root, ast.Call) else root.value
                    if not (isinstance(root, ast.Name) and root.id == "select"):
                        yield node.lineno
                case _:
                    pass


def test_no_statement_compares_row_values_with_a_list() -> None:
    """SQLite reads the whole table for `(a, b) IN (VALUES …)` with more than one row: `is_one_of` does not."""
    found = [f"{path.name}:{line}" for path in SOURCES for line in _lists(ast.parse(path.read_text()))]
    assert found == []
