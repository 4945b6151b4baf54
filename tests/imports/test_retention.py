"""Retention of uploaded files and their place in a backup: they are customers' data."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.people import sign_in
from harness.rows import count_rows, execute
from harness.server import Server
from harness.world import World
from imports.files import IMPORTS, counts, csv_file, ended, failures, new_sku, run, send
from imports.resumable_uploads import MIB, start_upload, upload_offset, upload_part

DAY = 86_400_000
TABLES = ("import_jobs", "import_blocks", "import_batches", "import_errors")
WorldFactory = Callable[..., World]


def test_files_are_deleted_after_seven_days(engine: str, fresh_world: WorldFactory) -> None:
    world = fresh_world(engine)
    old = run(world, csv_file(("sku", "name"), [[new_sku(), "Bolt"], ["", "Nut"]]))
    young = run(world, csv_file(("sku", "name"), [[new_sku(), "Bolt"], ["", "Nut"]]))
    world.server.command("purge")
    assert [count_rows(world.server.database, table) for table in TABLES] == [2, 2, 2, 2]
    at = int(time.time() * 1_000) - 7 * DAY - 60_000
    execute(world.server.database, f"update import_jobs set created_at = {at} where id = '{old['id']}'")
    world.server.command("purge")
    assert [count_rows(world.server.database, table) for table in TABLES] == [1, 1, 1, 1]
    world.api.get(f"{IMPORTS}/{old['id']}", bearer=world.owner.access).expect(404, "not_found")
    assert failures(world, young)


def test_an_abandoned_upload_is_deleted_within_minutes(engine: str, fresh_world: WorldFactory) -> None:
    world = fresh_world(engine)
    job = run(world, csv_file(("sku", "name"), [[new_sku(), "Bolt"]]))
    at = int(time.time() * 1_000) - 16 * 60_000
    execute(
        world.server.database,
        f"update import_jobs set status = 'UPLOADING', touched_at = {at} where id = '{job['id']}'",
    )
    world.server.command("purge")
    assert [count_rows(world.server.database, table) for table in TABLES] == [0, 0, 0, 0]


@pytest.mark.parametrize("to", ["sqlite", "postgres"])
def test_a_backup_holds_files_and_a_restored_job_is_done(
    engine: str, to: str, fresh_world: WorldFactory, fresh_server: Callable[..., Server], tmp_path: Path
) -> None:
    world = fresh_world(engine)
    sku = new_sku()
    job = run(world, csv_file(("sku", "name"), [[sku, "Bolt"], ["", "Nut"]]))
    world.server.kill()
    # As it would be, had the backup been made before its first batch.
    for table in ("product_versions", "products", "import_batches", "import_errors"):
        execute(world.server.database, f"delete from {table}")
    execute(
        world.server.database, "update import_jobs set status = 'QUEUED', rows_processed = 0, created = 0, failed = 0"
    )
    backup = tmp_path / "all.backup"
    world.server.command("backup", str(backup))
    target = fresh_server(to)
    target.command("restore", str(backup))
    target.start()
    api = target.client()
    access = sign_in(api, world.account.owner).access
    for _ in range(4):
        found = api.get(f"{IMPORTS}/{job['id']}?wait=10", bearer=access).expect(200).data()
        if found["status"] == "COMPLETED_WITH_ERRORS":
            break
    assert (found["created"], found["failed"]) == (1, 1)
    api.close()


def test_another_node_continues_an_import(fresh_world: WorldFactory, fresh_server: Callable[..., Server]) -> None:
    world = fresh_world("postgres")
    prefix = new_sku()
    rows = [[f"{prefix}-{number}", f"Bolt {number}"] for number in range(12_000)]
    job = send(world, csv_file(("sku", "name"), rows)).expect(202).data()
    while not world.api.get(f"{IMPORTS}/{job['id']}", bearer=world.owner.access).data()["rowsProcessed"]:
        pass
    access = world.owner.access
    world.server.kill()
    node = fresh_server("postgres", database=world.server.database, vault=world.vault,
                        LINKXG_PUBLIC_URL=world.server.url)  # fmt: skip
    shutil.copy(world.server.data_dir / "keys.json", node.data_dir / "keys.json")
    node.start()
    api = node.client()
    for _ in range(6):
        found = api.get(f"{IMPORTS}/{job['id']}?wait=10", bearer=access).expect(200).data()
        if found["status"] not in ("QUEUED", "RUNNING"):
            break
    assert (found["status"], found["created"], found["failed"]) == ("COMPLETED", 12_000, 0)
    assert count_rows(node.database, "products") == 12_000
    api.close()


def test_an_idle_resumable_upload_is_deleted_after_an_hour(engine: str, fresh_world: WorldFactory) -> None:
    world = fresh_world(engine)
    jobs = [start_upload(world, 5 * MIB).expect(202).data() for _ in range(2)]
    for job in jobs:
        upload_part(world, job, 0, b"sku,name\n" + b"a,b\n" * MIB).expect(204)
    _let_pass(world, jobs[0], minutes=61)
    _let_pass(world, jobs[1], minutes=59)
    # It is over at once, whenever housekeeping comes by.
    upload_part(world, jobs[0], 4 * MIB + 9, b"a").expect(404, "not_found")
    third = start_upload(world, 1_000).expect(202).data()
    start_upload(world, 1_000).expect(429, "rate_limit_exceeded")
    world.server.command("purge")
    assert [count_rows(world.server.database, table) for table in ("import_jobs", "import_parts")] == [2, 5]
    world.api.get(f"{IMPORTS}/{jobs[0]['id']}", bearer=world.owner.access).expect(404, "not_found")
    upload_part(world, jobs[1], 4 * MIB + 9, b"a").expect(204)
    assert upload_offset(world, third) == 0


def test_upload_parts_are_deleted_once_unused(engine: str, fresh_world: WorldFactory) -> None:
    world = fresh_world(engine)
    content = csv_file(("sku", "name"), [[new_sku(), "Bolt"]])
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content).expect(204)
    assert ended(world, job)["status"] == "COMPLETED"
    stopped, kept = (start_upload(world, len(content)).expect(202).data() for _ in range(2))
    for one in (stopped, kept):
        upload_part(world, one, 0, content[:9]).expect(204)
    world.api.post(f"{IMPORTS}/{stopped['id']}/cancel", bearer=world.owner.access).expect(202)
    world.server.command("purge")
    assert execute(world.server.database, "select job_id from import_parts") == [[kept["id"]]]
    upload_part(world, kept, 9, content[9:]).expect(204)
    assert counts(ended(world, kept)) == (0, 0, 1, 0)


def test_the_number_of_upload_parts_is_bounded(engine: str, fresh_world: WorldFactory) -> None:
    world = fresh_world(engine)
    job = start_upload(world, MIB).expect(202).data()
    upload_part(world, job, 0, b"sku,name\n").expect(204)
    account = world.account.account_id
    content = "x''" if engine == "sqlite" else "'\\x'::bytea"
    execute(
        world.server.database,
        "insert into import_parts (account_id, job_id, begins_at, content) with recursive n(i) as "
        "(select 1 union all select i + 1 from n where i < 9999) "
        f"select '{account}', '{job['id']}', -i, {content} from n",
    )
    upload_part(world, job, 9, b"a,b\n").expect(409, "invalid_state")
    assert upload_offset(world, job) == 9


def _let_pass(world: World, job: dict[str, Any], *, minutes: int) -> None:
    at = int(time.time() * 1_000) - minutes * 60_000
    execute(world.server.database, f"update import_jobs set touched_at = {at} where id = '{job['id']}'")
