"""A passport is found by an index over all that its link names: a GTIN may have a million items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event

from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.store import versions
from linkxg.identity.accounts.store import accounts
from linkxg.network.passports.issue.store import list_identities, passport_versions, passports
from linkxg.network.passports.read.store import PassportFilter, list_passports
from linkxg.network.passports.resolver.store import find_only_item, list_candidates, list_publishers

LOOKUPS: dict[str, tuple[Callable[[Connection], Any], str]] = {
    "candidates": (
        lambda conn: list_candidates(conn, "a", "g", "l", "s"), "account_id=? AND gtin14=? AND lot=? AND serial=?"
    ),
    "identities": (
        lambda conn: list_identities(conn, "a", "g", [("l", "s"), ("l", "")]),
        "account_id=? AND gtin14=? AND lot=? AND serial=?",
    ),
    "item": (lambda conn: find_only_item(conn, "a", "g", "s"), "account_id=? AND serial=? AND gtin14=?"),
    "page of a lot": (
        lambda conn: list_passports(conn, "a", PassportFilter(lot="l"), after=("g", "l", "s"), limit=20),
        "account_id=? AND lot=? AND gtin14>?",
    ),
    "page of a serial": (
        lambda conn: list_passports(conn, "a", PassportFilter(serial="s"), after=("g", "l", "s"), limit=20),
        "account_id=? AND serial=? AND (gtin14,lot)>(?,?)",
    ),
    "lot and serial": (
        lambda conn: list_passports(conn, "a", PassportFilter(lot="l", serial="s"), after=None, limit=20),
        # Either index will do: SQLite prefers the one that was made last, and SQLAlchemy makes them in no order.
        "account_id=? AND (lot|serial)=?",
    ),
    "publishers": (lambda conn: list_publishers(conn, "g", offset=0, limit=20), "gtin14=?"),
    "page of a GTIN": (
        lambda conn: list_passports(conn, "a", PassportFilter(gtin14="g"), after=("g", "l", "s"), limit=20),
        "account_id=? AND gtin14=? AND (lot,serial)>(?,?)",
    ),
    "page of a product": (
        lambda conn: list_passports(conn, "a", PassportFilter("p"), after=("g", "l", "s"), limit=20),
        "account_id=? AND (gtin14,lot,serial)>(?,?,?) AND gtin14<?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKUPS)
def test_passports_are_found_by_all_columns_of_an_index(name: str) -> None:
    lookup, columns = LOOKUPS[name]
    engine, statements = create_engine("sqlite://"), list[tuple[str, Any]]()

    @event.listens_for(engine, "before_cursor_execute")
    def keep(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        statements.append((statement, parameters))

    with engine.begin() as conn:
        for table in (accounts, passports, passport_versions, products, versions):
            table.create(conn)
        statements.clear()
        lookup(conn)
        ((statement, parameters),) = statements
        plan = [str(row[3]) for row in conn.exec_driver_sql(f"explain query plan {statement}", parameters)]
    wanted = {columns.replace("(lot|serial)", name) for name in ("lot", "serial")}
    assert any("ix_passports_" in step and step.endswith(f"({one})") for step in plan for one in wanted), plan
