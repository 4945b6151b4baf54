from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from conftest import DatabaseFactory
from network.verbs import Company, Service, Story, migrated


@pytest.fixture
def run(engine: str, new_database: DatabaseFactory) -> Callable[[Story], None]:
    """Runs a story with three accounts."""

    def start(story: Story) -> None:
        async def run_story() -> None:
            async with migrated(new_database(engine).url) as database:
                companies = [Company(number) for number in range(3)]
                for company in companies:
                    await database.write(company.insert)
                await story(Service(database), companies)

        asyncio.run(run_story())

    return start
