"""No statement reads all of an account: at a million events it would take a second, and a walk has many."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import ClauseElement

from linkxg.db import Database
from linkxg.db.compiled import CompiledStatement
from linkxg.network.traceability import (
    containment_store,
    describe_store,
    document_store,
    lot_store,
    partner_store,
    party_store,
    timeline_store,
    walk_store,
)

STORES = (
    containment_store, describe_store, document_store, lot_store,
    partner_store, party_store, timeline_store, walk_store,
)  # fmt: skip
# By indexes of few rows.
FEW = ("ix_epcis_items_classes", "ix_epcis_items_of_lots", "ix_epcis_events_declared", "ix_connections")


def statements() -> Iterator[tuple[str, CompiledStatement]]:
    for store in STORES:
        for name, value in vars(store).items():
            for one in value.values() if isinstance(value, dict) else (value,):
                if isinstance(one, CompiledStatement):
                    yield f"{store.__name__.rpartition('.')[2]}.{name}", one


def reads_everything(step: str) -> bool:
    if step.startswith("SCAN"):
        return "VIRTUAL TABLE" not in step and "CONSTANT ROW" not in step
    return step.startswith("SEARCH") and step.endswith("(account_id=?)") and not any(name in step for name in FEW)


def test_each_statement_is_answered_by_an_index(database: Database) -> None:
    if database.file is None:
        pytest.skip("PostgreSQL plans by statistics")
    found = []
    with closing(sqlite3.connect(database.file)) as connection:
        for name, statement in statements():
            parameters = [""] * statement.text.count("?")
            plan = [row[3] for row in connection.execute(f"explain query plan {statement.text}", parameters)]
            assert plan
            found += [f"{name}: {step}" for step in plan if reads_everything(step)]
    assert found == []


def test_the_profile_of_an_account_has_no_text_parameter_but_the_account() -> None:
    """PostgreSQL's plan for any type of event would read all of them for one that no event has."""
    statement = walk_store._HAS.statement
    assert isinstance(statement, ClauseElement)
    parameters = statement.compile().params
    assert [name for name, value in parameters.items() if isinstance(value, str)] == []
