"""A process that takes longer than its lease, and commits nothing meanwhile, keeps its job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.world import World
from imports.files import counts, csv_file, ndjson_file, new_sku, run

pytestmark = pytest.mark.any_engine

WorldFactory = Callable[..., World]
LEASE_S, STUCK_S = 6, 20
# Python runs this at the start of every process.
SLOW = f"""
import sys
import time

from linkxg.jobs import lease

lease.LEASE_MS, lease.HEARTBEAT_MS, lease.STUCK_MS = {LEASE_S * 1000}, {LEASE_S * 250}, {STUCK_S * 1000}

if "linkxg.job_kinds" in sys.orig_argv:
    from linkxg.catalog.product_imports import plan_rows, product_import

    def plan_row(given, *rest, plan=plan_rows.plan_row):
        if str(given.sku).endswith("-slow"):
            time.sleep({2 * LEASE_S})
        return plan(given, *rest)

    def write_encoded(*arguments, write=product_import.ProductRows.write_encoded):
        time.sleep({LEASE_S + STUCK_S})
        return write(*arguments)

    plan_rows.plan_row = plan_row
    product_import.ProductRows.write_encoded = write_encoded
"""


def _starts(world: World, job: dict[str, object]) -> int:
    return len([event for event in world.server.log_events("import.started") if event["job_id"] == job["id"]])


def test_slow_work_keeps_its_lease(engine: str, fresh_world: WorldFactory, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    world = fresh_world(engine, workers=2, PYTHONPATH=str(tmp_path))
    sku = new_sku()[:30]
    slow = run(world, csv_file(("sku", "name"), [[f"{sku}-slow", "Bolt"]]))
    assert (slow["status"], counts(slow), _starts(world, slow)) == ("COMPLETED", (1, 0, 0, 0), 1)

    # One transaction for the whole file, of which nobody sees anything before its end.
    rows = [{"sku": f"{sku}-whole", "content": {"name": "Nut"}}]
    whole = run(world, ndjson_file(rows), format="ndjson", onError="rollback")
    assert (whole["status"], counts(whole), _starts(world, whole)) == ("COMPLETED", (1, 0, 0, 0), 1)
    assert not world.server.log_events("import.died")
