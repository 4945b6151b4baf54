"""An import ends with the rights of whoever started it; whoever retries it is responsible for the rest (ASVS 8.3.2).

The process of an import waits at a gate: before its second batch, or before what it writes all at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.clients import get_token
from harness.people import Session, logout
from harness.rows import count
from harness.world import World, build_world
from imports.files import IMPORTS, counts, csv_file, ended, new_sku

ROWS = 1_200
GATED = """
import sys

if "linkxg.job_kinds" in sys.orig_argv:
    import asyncio
    import os
    from linkxg.db.postgres import PostgresDatabase
    from linkxg.db.sqlite import SQLiteDatabase
    from linkxg.jobs import run_job
    from linkxg.jobs.handler import Pace
    from linkxg.jobs.run_job import Run

    async def opened():
        while not os.path.exists("{gate}"):
            await asyncio.sleep(0.01)

    def batch_gated(write):
        async def call(self, batch, plans, before):
            if self.progress.rows and self._job.on_error == "proceed":
                await opened()
            return await write(self, batch, plans, before)
        return call

    def end_gated(run_exclusive):
        async def call(self, unit, *arguments, **keywords):
            if unit.__name__ == "write_spooled":
                await opened()
            return await run_exclusive(self, unit, *arguments, **keywords)
        return call

    run_job.PACES = dict.fromkeys(run_job.PACES, Pace(500, 1_000, 0.1))
    Run._write = batch_gated(Run._write)
    for kind in (SQLiteDatabase, PostgresDatabase):
        kind.run_exclusive = end_gated(kind.run_exclusive)
"""


class Gated:
    """A server whose imports wait at the gate."""

    def __init__(self, world: World, gate: Path) -> None:
        self.world = world
        self._gate = gate

    def stop(self, bearer: str, **options: str) -> tuple[dict[str, Any], str]:
        """An import of ROWS rows that waits at the gate, and the beginning of its SKUs."""
        self._gate.unlink(missing_ok=True)
        prefix = new_sku()
        content = csv_file(("sku", "name"), [[f"{prefix}-{number}", "Bolt"] for number in range(ROWS)])
        path = f"{IMPORTS}?{urlencode(options)}"
        sent = self.world.api.post(path, bearer=bearer, content=content, headers={"Content-Type": "text/csv"})
        job = dict(sent.expect(202).data())
        deadline = time.monotonic() + 30
        wanted = ROWS if options.get("onError") == "rollback" else 1
        while job["rowsProcessed"] < wanted:
            assert time.monotonic() < deadline, job
            job = dict(self.world.api.get(f"{IMPORTS}/{job['id']}", bearer=self.world.owner.access).expect(200).data())
        return job, prefix

    def end(self, job: dict[str, Any]) -> dict[str, Any]:
        self._gate.touch()
        return ended(self.world, job)

    def retry(self, job: dict[str, Any]) -> dict[str, Any]:
        """By the Owner."""
        path = f"{IMPORTS}/{job['id']}/retry"
        self.world.api.post(path, bearer=self.world.owner.access).expect(202)
        return ended(self.world, job)

    def written(self, prefix: str, by: str = "%") -> int:
        """Versions of the import's products that are written under this name."""
        return count(
            self.world.server.database,
            "SELECT count(*) FROM product_versions v JOIN products p ON p.id = v.product_id "
            f"WHERE p.sku LIKE '{prefix}-%' AND v.created_by LIKE '{by}'",
        )


@pytest.fixture(scope="module")
def server(engine: str, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    directory = tmp_path_factory.mktemp("gated")
    (directory / "sitecustomize.py").write_text(GATED.format(gate=directory / "gate"))
    built = build_world(new_server(engine, PYTHONPATH=str(directory)))
    for world in checked_for_leaks(built):
        yield Gated(world, directory / "gate")


def change(world: World, path: str, **values: object) -> None:
    world.api.patch(path, bearer=world.owner.access, json=values).expect(200)


def remove(world: World, path: str) -> None:
    world.api.delete(path, bearer=world.owner.access).expect(204)


def require_denied(server: Gated, job: dict[str, Any], prefix: str) -> None:
    """It ends where it was when the rights ended."""
    over = server.end(job)
    assert (over["status"], over["error"]["code"]) == ("FAILED", "access_denied"), over
    assert (over["rowsProcessed"], over["created"]) == (job["rowsProcessed"], job["created"])
    assert server.written(prefix) == job["created"]


def test_an_import_ends_with_the_rights_of_its_client(server: Gated) -> None:
    world = server.world
    cuts: tuple[Callable[[str], None], ...] = (
        lambda path: change(world, path, scope="products:read products:write"),
        lambda path: change(world, path, disabled=True),
        lambda path: remove(world, path),
    )
    for cut in cuts:
        oauth = world.new_client()
        job, prefix = server.stop(get_token(world.api, oauth))
        cut(f"/oauth/clients/{oauth.client_id}")
        require_denied(server, job, prefix)


def test_an_import_ends_with_the_rights_of_its_person(server: Gated) -> None:
    world = server.world

    def cut_off(session: Session) -> str:
        return f"/account/users/{session.person.user_id}"

    session = world.session("ADMIN")
    for options in ({"onError": "rollback"}, {"dryRun": "true"}):
        job, prefix = server.stop(session.access, **options)
        change(world, cut_off(session), role="VIEWER")
        over = server.end(job)
        assert (over["status"], over["error"]["code"]) == ("FAILED", "access_denied"), (options, over)
        assert server.written(prefix) == 0
        session = world.session("ADMIN")
    job, prefix = server.stop(session.access)
    change(world, cut_off(session), disabled=True)
    require_denied(server, job, prefix)
    change(world, cut_off(session), disabled=False)

    session = world.session("MEMBER")
    job, prefix = server.stop(session.access)
    remove(world, cut_off(session))
    require_denied(server, job, prefix)
    # Whoever retries answers for the rest.
    again = server.retry(job)
    assert (again["status"], counts(again)) == ("COMPLETED", (ROWS, 0, 0, 0))
    assert server.written(prefix, session.person.user_id) == job["created"]
    assert server.written(prefix, world.owner.person.user_id) == ROWS - job["created"]


def test_a_retried_import_runs_with_the_rights_of_whoever_retries_it(server: Gated) -> None:
    world, session = server.world, server.world.session("MEMBER")
    job, prefix = server.stop(session.access)
    world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=session.access).expect_one_of((200, None), (202, None))
    cancelled = server.end(job)
    assert cancelled["status"] == "CANCELLED"
    remove(world, f"/account/users/{session.person.user_id}")
    assert server.retry(job)["status"] == "COMPLETED"
    assert server.written(prefix, session.person.user_id) == cancelled["created"]
    assert server.written(prefix, world.owner.person.user_id) == ROWS - cancelled["created"]


def test_signing_out_does_not_end_an_import(server: Gated) -> None:
    session = server.world.session("MEMBER")
    job, _ = server.stop(session.access)
    logout(server.world.api, session.access).expect(200)
    over = server.end(job)
    assert (over["status"], over["created"]) == ("COMPLETED", ROWS)
