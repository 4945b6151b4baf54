"""The process of jobs starts while a file arrives, and ends again if no job comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from conftest import ENGINES, DatabaseFactory
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.jobs import process as job_process
from linkxg.jobs.runner import JobRunner


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_expected_job_finds_its_process_started(
    engine: str, new_database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_process, "IDLE_S", 2.0)

    async def run() -> None:
        url = new_database(engine).url
        database = open_database(url)
        await migrate(database)
        await database.open()
        runner = JobRunner(database, url, "info", resources=["nothing"], process="linkxg.job_kinds")
        runner.task.start()

        def process() -> asyncio.subprocess.Process | None:
            return runner._process._process

        try:
            assert process() is None
            runner.expect()
            await _until(lambda: process() is not None)
            started = process()
            assert started is not None
            runner.expect()
            await asyncio.sleep(0.2)
            assert process() is started
            # Nothing came.
            await _until(lambda: process() is None)
            await _until(lambda: started.returncode == 0)
        finally:
            await runner.stop()
            await database.close()

    asyncio.run(run())
