"""An unexpected exception in one row fails that row, and never the import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from harness.world import World
from imports.files import by_sku, counts, csv_file, failures, in_pairs, ndjson_file, new_gtin, new_sku, run

WorldFactory = Callable[..., World]
# Python runs this at the start of every process; the faults are those of the import's process alone.
FAULTS = """
import sys

if "linkxg.job_kinds" in sys.orig_argv:
    from linkxg.catalog.product_imports import csv_fast, plan_rows, product_import

    def failing(function, is_at_fault):
        def call(*arguments, **keywords):
            if is_at_fault(*arguments):
                raise RuntimeError("a row's own words")
            return function(*arguments, **keywords)
        return call

    def writes(conn, account_id, actor_id, planned, hooks):
        return any(one.head.sku.endswith("-write") for one in planned)

    plan_rows.read_gtin = failing(plan_rows.read_gtin, lambda text: text == "12345")
    csv_fast.are_digits = failing(csv_fast.are_digits, lambda text: "99999999999999" in text)
    plan_rows.plan_row = failing(plan_rows.plan_row, lambda given, *rest: str(given.sku).endswith("-plan"))
    product_import.write_rows = failing(product_import.write_rows, writes)
"""


def test_an_unexpected_exception_fails_its_row_and_never_the_import(
    engine: str, fresh_world: WorldFactory, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(FAULTS)
    world = fresh_world(engine, PYTHONPATH=str(tmp_path))
    start = new_sku()[:30]
    good = [[f"{start}-{number}", new_gtin(), "Bolt"] for number in range(40)]
    bad = [
        [f"{start}-read", "12345", "Bolt"],
        [f"{start}-columns", "99999999999999", "Bolt"],
        [f"{start}-plan", "", "Bolt"],
        [f"{start}-write", "", "Bolt"],
    ]
    rows = [*good[:7], bad[0], bad[3], *good[7:20], bad[2], *good[20:], bad[1]]
    content = csv_file(("sku", "gtin", "name"), rows)
    job = run(world, content)
    assert (job["status"], counts(job)) == ("COMPLETED_WITH_ERRORS", (40, 0, 0, 4))
    codes = {one["row"]: one["code"] for one in failures(world, job)}
    # The last one is read by itself, and is simply wrong.
    assert codes == {8: "server_error", 9: "server_error", 23: "server_error", 44: "invalid"}
    logged = world.server.log_events("import.row_fault")
    assert {one["job_id"] for one in logged} == {job["id"]}
    assert all(one["location"].startswith("linkxg.") and one["at"].endswith("Z") for one in logged)
    assert "own words" not in str(logged)
    assert not world.server.log_events("import.died")

    lines = [{"sku": f"{start}-new", "content": {"name": "Nut"}}, {"sku": f"{start}-plan", "content": {"name": "Nut"}}]
    written = [lines[0], {**lines[1], "sku": f"{start}-write"}]
    rolled_back, dry, undone = in_pairs([
        partial(run, world, ndjson_file(lines), format="ndjson", onError="rollback"),
        partial(run, world, ndjson_file(lines), format="ndjson", dryRun="true"),
        partial(run, world, ndjson_file(written), format="ndjson", onError="rollback"),
    ])  # fmt: skip
    for checked in (rolled_back, dry):
        assert (checked["failed"], failures(world, checked)[0]["code"]) == (1, "server_error")
    assert (undone["status"], undone["error"]["code"]) == ("FAILED", "server_error")
    assert by_sku(world, f"{start}-new") is None
