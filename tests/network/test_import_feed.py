"""Products that an import publishes are in the feeds of those who see them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.world import World
from imports.files import PUBLISHABLE, by_sku, csv_file, ended, new_sku, publishable, run, send
from network.shared_feed import entries_after, newest
from network.sharing import share
from products.catalogue import complete, create, publish

# Python runs this at the start of every process: the import pauses within its transaction, after its rows are written.
PAUSE_S = 5
PAUSED = f"""
import pathlib, sys, time

if "linkxg.job_kinds" in sys.orig_argv:
    from linkxg.catalog.product_imports import product_import

    def write_encoded(*arguments, write=product_import.ProductRows.write_encoded):
        written = write(*arguments)
        pathlib.Path(__file__).with_name("paused").touch()
        time.sleep({PAUSE_S})
        return written

    product_import.ProductRows.write_encoded = write_encoded
"""


@pytest.mark.usefixtures("without_shares")
@pytest.mark.parametrize("on_error", ["proceed", "rollback"])
def test_an_import_tells_the_viewers(world: World, on_error: str) -> None:
    share(world)
    begin = newest(world)
    skus = [new_sku() for _ in range(3)]
    run(world, csv_file(PUBLISHABLE, [publishable(sku) for sku in skus]), publish="true", onError=on_error)
    ids = [(by_sku(world, sku) or {})["id"] for sku in skus]
    found = entries_after(world, begin)
    assert [(entry["type"], entry["version"]) for entry in found] == [("PRODUCT_PUBLISHED", 1)] * 3
    assert sorted(entry["productId"] for entry in found) == sorted(ids)


def test_what_is_shared_while_a_file_is_written_misses_nothing(
    fresh_world: Callable[..., World], tmp_path: Path
) -> None:
    """On PostgreSQL, where others write meanwhile; their publications wait for no import."""
    (tmp_path / "sitecustomize.py").write_text(PAUSED)
    world = fresh_world("postgres", PYTHONPATH=str(tmp_path))
    share(world, type="CATEGORY", category="other")
    other = create(world, **complete())
    sku = new_sku()
    job = send(world, csv_file(PUBLISHABLE, [publishable(sku)]), publish="true", onError="rollback").expect(202).data()
    deadline = time.monotonic() + 30
    while not (tmp_path / "paused").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    begin = newest(world)
    share(world)
    publish(world, other).expect(200)
    assert ended(world, job)["status"] == "COMPLETED"
    imported = by_sku(world, sku)
    assert imported is not None
    told = [(entry["type"], entry["productId"]) for entry in entries_after(world, begin)]
    assert told == [
        ("SHARE_ADDED", None), ("PRODUCT_PUBLISHED", other["id"]), ("PRODUCT_PUBLISHED", imported["id"]),
    ]  # fmt: skip
