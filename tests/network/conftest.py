from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from conftest import DatabaseFactory
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.ops.tables import register_tables
from network.verbs import Company, Service, Story


@pytest.fixture
def run(engine: str, new_database: DatabaseFactory) -> Callable[[Story], None]:
    """Runs a story with three accounts."""

    def start(story: Story) -> None:
        async def run_story() -> None:
            register_tables()
            database = open_database(new_database(engine).url)
            await migrate(database)
            await database.open()
            try:
                companies = [Company(number) for number in range(3)]
                for company in companies:
                    await database.write(company.insert)
                await story(Service(database), companies)
            finally:
                await database.close()

        asyncio.run(run_story())

    return start
