"""An import that publishes issues passports in its own transactions, with a few statements for any number of rows."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from conftest import DatabaseFactory
from harness.rows import rows
from harness.world import World
from imports.files import PUBLISHABLE, counts, csv_file, new_gtin, new_sku, publishable, run
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.publication import Publication
from linkxg.db.compiled import driver
from linkxg.db.sqlite import SQLiteDatabase
from linkxg.ids import uuid7s
from linkxg.network.passports.issue.issue_models import issue_models
from network.verbs import Company, migrated


def _versions(world: World, *gtins: str) -> list[tuple[str, int]]:
    """(GTIN, version) of each version of the passports of these products, in order."""
    listed = ", ".join(f"'{gtin.rjust(14, '0')}'" for gtin in gtins)
    sql = (
        "select p.gtin14, v.version from passports p join passport_versions v on v.passport_id = p.id "
        f"where p.gtin14 in ({listed}) order by p.gtin14, v.version"
    )
    return [(row[0], int(row[1])) for row in rows(world.server.database, sql)]


def test_an_import_issues_and_updates_passports(world: World) -> None:
    cells = [publishable(new_sku(), gtin=new_gtin()) for _ in range(3)]
    gtins = sorted(row[1].rjust(14, "0") for row in cells)
    assert counts(run(world, csv_file(PUBLISHABLE, cells), publish="true")) == (3, 0, 0, 0)
    assert _versions(world, *gtins) == [(gtin, 1) for gtin in gtins]
    assert counts(run(world, csv_file(PUBLISHABLE, cells), publish="true")) == (0, 0, 3, 0)
    assert _versions(world, *gtins) == [(gtin, 1) for gtin in gtins]
    cells[0][2], new = "Other bolt", publishable(new_sku(), gtin=new_gtin())
    assert counts(run(world, csv_file(PUBLISHABLE, [cells[0], new]), publish="true")) == (1, 1, 0, 0)
    changed = cells[0][1].rjust(14, "0")
    assert _versions(world, changed, new[1]) == sorted([(changed, 1), (changed, 2), (new[1].rjust(14, "0"), 1)])


def test_an_import_that_does_not_publish_issues_nothing(world: World) -> None:
    row = publishable(new_sku(), gtin=new_gtin())
    run(world, csv_file(PUBLISHABLE, [row])).items()
    run(world, csv_file(PUBLISHABLE, [row]), publish="true", dryRun="true").items()
    assert _versions(world, row[1]) == []


def _publications(account_id: str, count: int, version: int, first: int) -> list[Publication]:
    return [
        Publication(
            account_id,
            ProductRecord(id, id, f"{first + number:014d}", 13, None, "PUBLISHED", version, None, 1, 1, 1),
            version,
            "{}",
        )
        for number, id in enumerate(uuid7s(count))
    ]


def test_statements_do_not_grow_with_the_publications(new_database: DatabaseFactory) -> None:
    """Beyond those that carry 250, 50 or 1 rows each."""
    used: list[int] = []

    def issue(conn: Connection, account_id: str, count: int, version: int, first: int) -> None:
        statements: list[str] = []
        driver(conn).set_trace_callback(statements.append)
        issue_models(conn, _publications(account_id, count, version, first))
        driver(conn).set_trace_callback(None)
        used.append(len([one for one in statements if not one.startswith("--")]))

    async def story() -> None:
        async with migrated(new_database("sqlite").url) as database:
            assert isinstance(database, SQLiteDatabase)
            company = Company(1)
            await database.write(company.insert)
            for count, version, first in ((250, 1, 1_000), (1_000, 1, 5_000)):
                await database.write(issue, company.id, count, version, first)

    asyncio.run(story())
    assert used == [2, 8]
