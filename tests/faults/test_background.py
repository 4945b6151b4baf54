"""Background tasks survive every exception of their work, report it, and never keep each other from stopping."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from harness.clients import get_token
from harness.databases import SqliteDatabase
from harness.rows import execute, wait_for_count
from harness.server import parse_log_line
from harness.world import World
from linkxg.db.invalidation_feed import KEYS
from linkxg.runtime import background
from linkxg.runtime.background import BackgroundTask

# Python runs this at the start of every process. The file beside it names the units of work that meet a bug.
FAULTS = """
import sys
from pathlib import Path

if "serve" in sys.orig_argv:
    from linkxg.identity.accounts.mail_queue import MailQueue
    from linkxg.db.sqlite import SQLiteDatabase

    def failing(function, name_of):
        async def call(*arguments, **named):
            if name_of(*arguments) in Path(__file__).with_name("faults").read_text().split():
                raise RuntimeError("words of a user")
            return await function(*arguments, **named)
        return call

    def unit(_, unit, *rest):
        return unit.__module__.rpartition(".")[2] + "." + unit.__name__

    SQLiteDatabase.read = SQLiteDatabase.read_single = failing(SQLiteDatabase.read, unit)
    SQLiteDatabase.write = failing(SQLiteDatabase.write, unit)
    MailQueue.stop = failing(MailQueue.stop, lambda _: "stop")
"""
UNITS = ("usage._write", "lease_store.find_due_job", "open_jobs_store.list_orphans")


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    """The file that names what fails."""
    (tmp_path / "sitecustomize.py").write_text(FAULTS)
    found = tmp_path / "faults"
    found.write_text("")
    return found


def failing(world: World) -> set[str]:
    return set(world.api.get("//readyz").expect(200).object()["failing"])


def test_background_tasks_survive_faults_and_failing_stops(fresh_world: Callable[..., World], faults: Path) -> None:
    world = fresh_world("sqlite", PYTHONPATH=str(faults.parent))
    server, api, oauth = world.server, world.api, world.oauth
    uses = f"SELECT uses FROM client_secrets WHERE client_id = '{oauth.client_id}'"
    assert isinstance(server.database, SqliteDatabase)
    assert failing(world) == set()

    faults.write_text(" ".join(UNITS))
    get_token(api, oauth)
    reports = server.wait_for_event("background.failed", count=3)
    assert failing(world) == {report["task"] for report in reports} == {"usage", "imports", "orphaned-uploads"}
    assert b"\nlinkxg_background_failing 3.0\n" in api.get("//metrics").expect(200).body
    get_token(api, oauth)
    faults.write_text("")
    server.wait_for_event("background.recovered", count=3)
    assert failing(world) == set()
    wait_for_count(server.database, uses, 2)

    # Another node has changed the keys. Until this one knows them, it trusts none.
    faults.write_text("key_store.find_sealed_keys")
    change = f"INSERT INTO changes (kind, subject, epoch, at) VALUES ('{KEYS}', '', 99, {2**42})"
    execute(server.database, change)
    # The request that hears of it.
    get_token(api, oauth)
    assert server.wait_for_event("background.failed", count=4)[-1]["task"] == "keys"
    api.post("/oauth/token", form=oauth.form, allow_503=True).expect(503, "temporarily_unavailable")
    api.get("//readyz", allow_503=True).expect(503, "temporarily_unavailable")
    faults.write_text("")
    server.wait_for_event("background.recovered", count=4)
    get_token(api, oauth)
    assert {report["reason"] for report in server.log_events("background.failed")} == {"RuntimeError"}

    faults.write_text("stop")
    get_token(api, oauth)
    process = server.process
    assert server.stop() == 0
    assert [event["event"] for event in map(parse_log_line, process.lines()[-2:])] == ["stop.failed", "stopped"]
    with closing(sqlite3.connect(server.database.path)) as database:
        assert database.execute(uses).fetchone() == (5,)
    assert b"words of a user" not in server.log_text()


def test_a_future_that_others_cancel_does_not_end_the_task() -> None:
    async def story() -> list[str]:
        calls: list[str] = []
        done = asyncio.Event()

        async def work() -> None:
            calls.append(task.name)
            if len(calls) == 3:
                done.set()
                return
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

        task = BackgroundTask("work", work, every_s=None, retry_s=0.001)
        task.start()
        async with asyncio.timeout(10.0):
            await done.wait()
        await task.stop()
        return [*calls, str(task.fault)]

    assert asyncio.run(story()) == ["work"] * 3 + ["None"]


def test_a_task_backs_off_until_it_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float | None] = []

    async def wait(event: asyncio.Event, seconds: float | None) -> None:
        pauses.append(seconds and round(seconds, 1))

    async def work() -> None:
        if len(pauses) == 8:
            task.stopping.set()
        if len(pauses) != 6:
            raise ValueError("a bug")

    monkeypatch.setattr(background, "_set_within", wait)
    task = BackgroundTask("work", work, every_s=60.0)
    asyncio.run(task._run())
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 60.0, 0.5, 1.0]


def test_a_stop_waits_for_the_current_call() -> None:
    async def story() -> list[str]:
        begun = asyncio.Event()
        said: list[str] = []

        async def work() -> None:
            begun.set()
            await task.pause(60.0)
            said.append("finished")

        task = BackgroundTask("work", work, every_s=0.0)
        task.start()
        await begun.wait()
        await task.stop(grace_s=10.0)
        return said

    assert asyncio.run(story()) == ["finished"]
