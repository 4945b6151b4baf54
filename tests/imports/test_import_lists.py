"""Imports, their errors and failed rows, as their account lists and reads them."""

from __future__ import annotations

import pytest

from harness.answers import Answer
from harness.world import World
from imports.files import (
    IMPORTS,
    by_sku,
    counts,
    csv_file,
    new_sku,
    run,
)


def test_imports_of_another_account_are_not_found(world: World) -> None:
    sku = new_sku()
    job = run(world, csv_file(("sku", "name"), [[sku, "Bolt"], ["", "x"]]))
    stranger = world.other_owner.access
    for method, part in (("GET", ""), ("GET", "/errors"), ("GET", "/results"), ("POST", "/cancel"), ("POST", "/retry")):
        world.api.request(method, f"{IMPORTS}/{job['id']}{part}", bearer=stranger).expect(404, "not_found")
    listed = world.api.get(IMPORTS, bearer=stranger).expect(200).json()["data"]
    assert job["id"] not in {one["id"] for one in listed}
    assert counts(run(world, csv_file(("sku", "name"), [[sku, "Nut"]]), by=world.other_owner)) == (1, 0, 0, 0)
    mine = by_sku(world, sku)
    assert mine is not None
    assert mine["content"]["name"] == "Bolt"


def test_imports_need_their_scope(world: World) -> None:
    content = csv_file(("sku", "name"), [[new_sku(), "Bolt"]])
    world.api.post(IMPORTS, content=content, headers={"Content-Type": "text/csv"}).expect(401, "invalid_token")
    world.api.post(
        IMPORTS, bearer=world.token("products:write"), content=content, headers={"Content-Type": "text/csv"}
    ).expect(403, "insufficient_scope")


def test_jobs_are_listed_newest_first_in_pages(world: World) -> None:
    made = [run(world, csv_file(("sku", "name"), [[new_sku(), "Bolt"]]))["id"] for _ in range(3)]
    found: list[str] = []
    following = "?limit=1&fields=id"
    while len(found) < 3:
        page = world.api.get(f"{IMPORTS}{following}", bearer=world.owner.access).expect(200)
        assert all(set(one) == {"id"} for one in page.data())
        found += [one["id"] for one in page.data()]
        following = link_of(world, page, IMPORTS)
    assert found == made[::-1]


def test_errors_come_in_pages(world: World) -> None:
    job = run(world, csv_file(("sku", "name"), [["", "x"]] * 3))
    where, following = f"{IMPORTS}/{job['id']}/errors", "?limit=2"
    first = world.api.get(where + following, bearer=world.owner.access).expect(200)
    following = link_of(world, first, where)
    last = world.api.get(where + following, bearer=world.owner.access).expect(200)
    assert [[fault["row"] for fault in page.data()] for page in (first, last)] == [[1, 2], [3]]
    assert last.header("link") is None


def link_of(world: World, page: Answer, path: str) -> str:
    """The query of the next page, which the Link header tells like the cursor."""
    cursor = page.object()["pagination"]["nextCursor"]
    link = page.header("link") or ""
    assert link.startswith(f"<{world.server.url}/api/v1{path}?")
    assert link.endswith(f'cursor={cursor}>; rel="next"')
    return link[link.index("?") : link.index(">")]


def test_fields_selects_members_of_a_job(world: World) -> None:
    where = f"{IMPORTS}/{run(world, csv_file(('sku', 'name'), [[new_sku(), 'Bolt']]))['id']}"
    selected = world.api.get(f"{where}?fields=status,created", bearer=world.owner.access).expect(200).data()
    assert selected == {"status": "COMPLETED", "created": 1}
    for fields in ("state", "content", "status,content", "content.name"):
        for address in (where, IMPORTS):
            refused = world.api.get(f"{address}?fields={fields}", bearer=world.owner.access)
            refused.expect(400, "invalid_request")


@pytest.mark.parametrize("query", ["x=1", "Limit=1", "limit=1&limit=1", "resource=products&resource=products"])
def test_an_unknown_parameter_is_rejected(world: World, query: str) -> None:
    where = f"{IMPORTS}/{run(world, csv_file(('sku', 'name'), [[new_sku(), 'Bolt']]))['id']}"
    for path in (IMPORTS, f"{IMPORTS}/template", where, f"{where}/errors", f"{where}/results"):
        world.api.get(f"{path}?{query}", bearer=world.owner.access).expect(400, "invalid_request")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("application/x-ndjson", "text/csv"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/xml", "application/json"),
        ("a, text/csvx", "application/json"),
    ],
)
def test_accept_chooses_between_errors_and_failed_rows(world: World, accept: str, media_type: str) -> None:
    job = run(world, csv_file(("sku", "name"), [["", "x"]]))
    where = f"{IMPORTS}/{job['id']}/errors"
    answer = world.api.get(where, bearer=world.owner.access, headers={"Accept": accept}).expect(200)
    assert answer.header("content-type") == media_type
