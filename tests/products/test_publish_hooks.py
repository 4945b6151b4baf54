"""Every way of publishing calls the publish hooks in its transaction: the API, the console and imports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory, assert_no_leaks
from console.browser import Visitor
from harness.rows import execute
from harness.world import World, build_world
from imports.files import PUBLISHABLE, counts, csv_file, new_sku, publishable, run
from products.catalogue import change, complete, create, path, publish, published
from products.recording_hook import TABLE

TESTS = Path(__file__).parents[1]
Recorded = list[tuple[str, int]]


@pytest.fixture(scope="module")
def served(engine: str, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server whose processes register the recording hook."""
    directory = tmp_path_factory.mktemp("hook")
    (directory / "sitecustomize.py").write_text("from products.recording_hook import register\n\nregister()\n")
    built = build_world(new_server(engine, PYTHONPATH=f"{directory}:{TESTS}"))
    execute(
        built.server.database,
        f"create table {TABLE} (sku varchar(64), version integer, status varchar(10), content varchar(6))",
    )
    yield built
    built.close()
    assert_no_leaks(built.server, with_backup=False)
    built.server.close()


def recorded(world: World, *skus: str) -> Recorded:
    """The publications of these products, each of which the hook saw published and with its stored content."""
    rows = execute(world.server.database, f"select sku, version, status, content from {TABLE}")
    found = [row for row in rows if row[0] in skus]
    assert all(row[2:] == ["PUBLISHED", "stored"] for row in found), found
    return sorted((sku, int(version)) for sku, version, _, _ in found)


def test_publishing_by_the_api_calls_the_hook_once(served: World) -> None:
    product = create(served, **complete())
    publish(served, create(served)).expect(422, "validation_failed")
    for _ in range(2):
        publish(served, product, headers={"Idempotency-Key": "one"}).expect(200)
    assert recorded(served, product["sku"]) == [(product["sku"], 1)]
    change(served, product, {"content": {"brand": "Other"}}).expect(200)
    publish(served, product).expect(200)
    assert recorded(served, product["sku"]) == [(product["sku"], 1), (product["sku"], 2)]


def test_publishing_in_the_console_calls_the_hook(served: World) -> None:
    product = create(served, **complete())
    visitor = Visitor(served.server.url, served.vault)
    try:
        assert visitor.sign_in(served.person("OWNER")).status_code == 303
        reviewed = visitor.get(f"{path(product)}/review")
        assert visitor.fill(reviewed, f"{path(product)}/publish").status_code == 303
    finally:
        visitor.close()
    assert recorded(served, product["sku"]) == [(product["sku"], 1)]


@pytest.mark.parametrize("on_error", ["proceed", "rollback"])
def test_imports_call_the_hook_for_rows_that_publish(served: World, on_error: str) -> None:
    new, rejected = new_sku(), new_sku()
    changed, drafted, unchanged = (
        published(served, name="Nut"),
        create(served, **complete(name="Nut")),
        published(served),
    )
    rows = [
        publishable(new),
        [changed["sku"], "", "Nut M8", *[""] * 7],
        [drafted["sku"], "", "Nut", *[""] * 7],
        [unchanged["sku"], "", "Hex bolt", *[""] * 7],
    ]
    skus = (new, rejected, *(one["sku"] for one in (changed, drafted, unchanged)))
    before = recorded(served, *skus)
    assert len(before) == 2
    options = {"publish": "true", "onError": on_error}
    lacking = [*rows, [rejected, "", "Bolt", *[""] * 7]]
    run(served, csv_file(PUBLISHABLE, lacking), dryRun="true", **options)
    assert recorded(served, *skus) == before
    job = run(served, csv_file(PUBLISHABLE, lacking if on_error == "proceed" else rows), **options)
    assert counts(job) == (1, 2, 1, 1 if on_error == "proceed" else 0)
    expected = [(new, 1), (changed["sku"], 2), (drafted["sku"], 1)]
    assert recorded(served, *skus) == sorted([*before, *expected])
