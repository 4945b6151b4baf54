"""Every row is written exactly once, whichever process is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.rows import count_rows, execute
from harness.server import Server
from harness.world import World, build_world
from imports.files import IMPORTS, PUBLISHABLE, counts, csv_file, ended, new_sku, publishable, send
from imports.resumable_uploads import start_upload, upload_offset, upload_part

ROWS = 20_000


@pytest.fixture(scope="module")
def world(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server of two workers, which these tests kill and start again."""
    yield from checked_for_leaks(build_world(new_server(engine, workers=2)))


def _file(prefix: str) -> bytes:
    return csv_file(("sku", "name"), [[f"{prefix}-{number}", f"Bolt {number}"] for number in range(ROWS)])


def _when_begun(world: World, job: dict[str, Any]) -> dict[str, Any]:
    """The import once its first rows are written and not yet its last."""
    while True:
        found = world.api.get(f"{IMPORTS}/{job['id']}", bearer=world.owner.access, allow_503=True).data()
        if found["rowsProcessed"]:
            assert found["rowsProcessed"] < ROWS, "the file is too small for this test"
            return dict(found)


def _importers(server: Server) -> list[psutil.Process]:
    """The processes that do imports for this server."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "linkxg.job_kinds" in child.cmdline()]


def _kill_everything(world: World) -> None:
    """And start again; as if the time of the dead process's lease were over."""
    world.server.kill()
    execute(world.server.database, "update import_jobs set lease_until = 0 where status in ('QUEUED', 'RUNNING')")
    world.server.start()


def _require_exactly_once(world: World, job: dict[str, Any], prefix: str) -> None:
    assert (job["status"], counts(job)) == ("COMPLETED", (ROWS, 0, 0, 0))
    assert count_rows(world.server.database, f"products where sku like '{prefix}-%'") == ROWS
    assert count_rows(world.server.database, f"products where sku like '{prefix}-%' and revision = 1") == ROWS


def test_an_import_survives_the_death_of_all_processes(world: World) -> None:
    prefix = new_sku()
    job = send(world, _file(prefix)).expect(202).data()
    before = _when_begun(world, job)
    _kill_everything(world)
    after = ended(world, job)
    assert after["rowsProcessed"] > before["rowsProcessed"]
    _require_exactly_once(world, after, prefix)


def test_a_killed_import_publishes_exactly_once(world: World) -> None:
    prefix = new_sku()
    rows = [publishable(f"{prefix}-{number}", f"Bolt {number}") for number in range(ROWS)]
    job = send(world, csv_file(PUBLISHABLE, rows), publish="true").expect(202).data()
    _when_begun(world, job)
    _kill_everything(world)
    _require_exactly_once(world, ended(world, job), prefix)
    mine = f"product_id in (select id from products where sku like '{prefix}-%')"
    assert (
        count_rows(world.server.database, f"product_versions where {mine} and status = 'PUBLISHED' and version = 1")
        == ROWS
    )
    assert count_rows(world.server.database, f"product_versions where {mine}") == ROWS
    published = "status = 'PUBLISHED' and draft_version is null"
    assert count_rows(world.server.database, f"products where sku like '{prefix}-%' and {published}") == ROWS


def test_a_resumable_upload_survives_between_parts_and_while_unpacking(world: World) -> None:
    prefix = new_sku()
    content = _file(prefix)
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content[:100_000]).expect(204)
    _kill_everything(world)
    assert upload_offset(world, job) == 100_000
    upload_part(world, job, 100_000, content[100_000:]).expect(204)
    # It is an import now: whoever dies on the way to its first row, another begins anew.
    _kill_everything(world)
    _require_exactly_once(world, ended(world, job), prefix)


def test_an_import_survives_the_death_of_its_process(world: World) -> None:
    prefix = new_sku()
    job = send(world, _file(prefix)).expect(202).data()
    _when_begun(world, job)
    for process in _importers(world.server):
        process.send_signal(signal.SIGKILL)
    _require_exactly_once(world, ended(world, job), prefix)


def test_a_stopping_service_releases_its_job(world: World) -> None:
    prefix = new_sku()
    job = send(world, _file(prefix)).expect(202).data()
    _when_begun(world, job)
    importers = _importers(world.server)
    world.server.restart()
    assert not any(process.is_running() for process in importers)
    _require_exactly_once(world, ended(world, job), prefix)


def test_only_one_of_several_workers_runs_a_job(world: World) -> None:
    prefix = new_sku()
    job = ended(world, send(world, _file(prefix)).expect(202).data())
    _require_exactly_once(world, job, prefix)
    begun = [event for event in world.server.log_events("import.started") if event["job_id"] == job["id"]]
    assert len(begun) == 1


def test_a_cancelled_import_keeps_its_rows_and_can_be_resumed(world: World) -> None:
    prefix = new_sku()
    job = send(world, _file(prefix)).expect(202).data()
    _when_begun(world, job)
    world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=world.owner.access).expect(202)
    stopped = ended(world, job)
    assert stopped["status"] == "CANCELLED"
    assert 0 < stopped["rowsProcessed"] < ROWS
    world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=world.owner.access).expect(409, "invalid_state")
    world.api.post(f"{IMPORTS}/{job['id']}/retry", bearer=world.owner.access).expect(202)
    _require_exactly_once(world, ended(world, job), prefix)


def test_at_most_two_imports_run_per_account(world: World) -> None:
    # Made before, so that the first has not ended when the third is sent.
    files = [_file(new_sku()), _file(new_sku()), csv_file(("sku", "name"), [[new_sku(), "Bolt"]])]
    first, second = [send(world, content).expect(202).data() for content in files[:2]]
    refused = send(world, files[2]).expect(429, "rate_limit_exceeded")
    assert int(refused.header("retry-after") or 0) >= 1
    world.api.post(f"{IMPORTS}/{second['id']}/cancel", bearer=world.owner.access).expect(202)
    assert ended(world, second)["status"] == "CANCELLED"
    assert ended(world, first)["status"] == "COMPLETED"
