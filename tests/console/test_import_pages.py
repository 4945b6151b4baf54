"""The pages of imports: older ones can be reached, and nothing reads as written or announced that is not."""

from __future__ import annotations

import re
from functools import partial

from console.browser import Visitor, text_of
from console.test_imports import COLUMNS, send
from console.test_safe_to_remove import change
from harness.concurrency import concurrently
from harness.world import World
from imports.files import by_sku, csv_file, ended, new_sku
from linkxg.jobs.model import JobRow
from products.catalogue import change as patch
from products.catalogue import published, version

OLDER = 30


def finished(world: World, owner: Visitor, content: bytes, **choices: str) -> str:
    """The page of an import that has ended."""
    address = send(owner, content, **choices).headers["location"]
    ended(world, {"id": address.rpartition("/")[2]})
    return address


def test_older_imports_are_on_the_next_page(world: World, owner: Visitor) -> None:
    address = finished(world, owner, csv_file(COLUMNS, [[new_sku(), "", "Bolt"]]))
    job_id, database = address.rpartition("/")[2], world.server.database
    columns = ", ".join(["account_id", *JobRow._fields])
    copied = columns.replace("id, resource", "'{}', resource").replace("file_name", "'older-{}.csv'")
    ids = [f"00000000-0000-7000-8000-{number:012x}" for number in range(OLDER)]
    try:
        for number, new_id in enumerate(ids):
            values = copied.format(new_id, number)
            change(
                database, f"INSERT INTO import_jobs ({columns}) SELECT {values} FROM import_jobs WHERE id = '{job_id}'"
            )
        seen, page, pages = "", "/imports", 0
        while page:
            shown = owner.get(page)
            seen, pages = seen + text_of(shown), pages + 1
            older = re.search(r'rel="next" href="([^"]+)"', shown.text)
            page = f"/imports{older[1]}" if older else ""
        assert pages > 1
        assert all(f"older-{number}.csv" in seen for number in range(OLDER))
        assert 'href="/imports">Newest' in shown.text
    finally:
        change(database, "DELETE FROM import_jobs WHERE id LIKE '00000000-0000-7000-8000-%'")


def test_a_dry_run_says_what_would_be_written(world: World, owner: Visitor) -> None:
    sku = new_sku()
    address = finished(world, owner, csv_file(COLUMNS, [[sku, "", "Bolt"]]), dryRun="true")
    shown = text_of(owner.get(address))
    assert "Would be created 1 Would be updated 0" in shown
    assert " Created 1" not in shown
    assert by_sku(world, sku) is None
    assert re.search(r">1<span class=\"hint\">not written</span>", owner.get("/imports").text)


def test_an_import_that_was_rolled_back_says_that_it_wrote_nothing(world: World, owner: Visitor) -> None:
    rows = [[new_sku(), "", "Bolt"], [new_sku(), "123", "Nut"]]
    shown = text_of(owner.get(finished(world, owner, csv_file(COLUMNS, rows), onError="rollback")))
    assert "Would be created 1" in shown
    assert " Created " not in shown


def test_a_dry_run_that_was_applied_links_to_its_import(world: World, owner: Visitor) -> None:
    sku = new_sku()
    address = finished(world, owner, csv_file(COLUMNS, [[sku, "", "Bolt"]]), dryRun="true")
    checked, window = owner.get(address), owner.get(address)
    applied = owner.fill(checked, f"{address}/apply").headers["location"]
    ended(world, {"id": applied.rpartition("/")[2]})
    again = owner.get(address)
    assert f'action="{address}/apply"' not in again.text
    assert f'href="{applied}"' in again.text
    assert owner.fill(window, f"{address}/apply").headers["location"] == applied, (
        "another window makes no second import"
    )
    assert by_sku(world, sku) is not None


def test_windows_that_apply_a_dry_run_at_once_start_one_import(world: World, owner: Visitor) -> None:
    address = finished(world, owner, csv_file(COLUMNS, [[new_sku(), "", "Bolt"]]), dryRun="true")
    windows = [owner.fields(owner.get(address), f"{address}/apply") for _ in range(2)]
    applied = concurrently([partial(owner.post, f"{address}/apply", fields) for fields in windows])
    started = {answer.headers["location"] for answer in applied}
    assert len(started) == 1
    ended(world, {"id": started.pop().rpartition("/")[2]})


def test_an_import_that_publishes_announces_that_it_publishes_drafts(world: World, owner: Visitor) -> None:
    drafts = "If a product has a draft, everything in it is published, including changes by other people."
    assert drafts in text_of(owner.get("/imports"))
    product = published(world, name="Nut")
    patch(world, product, {"content": {"brand": "By a colleague"}}).expect(200)
    address = finished(world, owner, csv_file(("sku", "name"), [[product["sku"], "Nut M8"]]), publish="true")
    checked = owner.get(address)
    assert drafts in text_of(checked).partition("Import and publish 1 product")[0]
    applied = owner.fill(checked, f"{address}/apply").headers["location"]
    ended(world, {"id": applied.rpartition("/")[2]})
    assert version(world, product, 2).expect(200).data()["content"]["brand"] == "By a colleague"
