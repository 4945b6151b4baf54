"""What strangers write in requests stays one line, a link opens nothing beside its passport, sheets are drawn in turn.

Learned by attack. Security rules 248 and 249.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from harness.concurrency import concurrently
from harness.rows import execute
from harness.world import World
from passports.granting import CONTENT, ask, granted, path_of
from passports.reading import issued
from passports.test_grants_below import id_of, opened
from passports.units import issue


@pytest.fixture(autouse=True)
def _no_requests(world: World) -> Iterator[None]:
    yield
    execute(world.server.database, "delete from passport_access_requests")


@pytest.mark.parametrize(
    "contact", ["a@b.example\r\nBcc: c@d.example", "a\nb", "\u202egro.rekcatta@x", "\u2066abc", " \u2028 "]
)
def test_a_contact_is_one_line_that_shows_what_it_is(world: World, contact: str) -> None:
    """It is shown in lists, and names whoever gets a link."""
    _, passport_id = issued(world)
    answer = ask(world, passport_id, contact=contact).expect(422, "validation_failed")
    assert [one["field"] for one in answer.object()["details"]] == ["contact"]
    ask(world, passport_id, contact="Ärzte & Söhne <lab@example.org>, Tel. +49 1234").expect(200)


@pytest.mark.parametrize(
    "evidence", ["https://", "https://a b", 'https://x" onclick="y', "https://x\ny", "javascript:x"]
)
def test_evidence_is_an_address(world: World, evidence: str) -> None:
    _, passport_id = issued(world)
    ask(world, passport_id, evidence=evidence).expect(422, "validation_failed")


def test_nothing_is_below_an_item(world: World) -> None:
    """Another item has the same serial, in a lot."""
    product, _ = issued(world, **CONTENT)
    item, other = (
        one["id"]
        for one in issue(world, product, {"serial": "S-1"}, {"lot": "L-1", "serial": "S-1"}).expect(201).data()
    )
    path = path_of(world, granted(world, item, includesBelow=True))
    opened(world, path, lot="L-1", serial="S-1").expect(404, "not_found")
    opened(world, path, lot="L-1").expect(404, "not_found")
    assert id_of(opened(world, path, serial="S-1")) == id_of(opened(world, path)) == item != other


def test_one_sheet_of_labels_is_drawn_for_an_account_at_a_time(world: World) -> None:
    product, _ = issued(world)
    units = [{"lot": f"L{number:03}", "serial": f"S{number:03}"} for number in range(60)]
    issue(world, product, *units).expect(201)
    body = {"productId": product["id"], "labels": units}
    draw = partial(world.api.post, "/dpp/labels", bearer=world.owner.access, json=body)
    answers = concurrently(draw for _ in range(5))
    statuses = {answer.status for answer in answers}
    assert 200 in statuses
    # With several workers each draws one.
    assert statuses <= {200, 429}
    if 429 in statuses:
        assert all(int(one.header("retry-after") or 0) >= 1 for one in answers if one.status == 429)
    draw().expect(200)


def test_a_limit_is_a_number(world: World) -> None:
    for limit in (True, False, 0, 501, "1", 1.0):
        answer = world.api.post(
            "//v1/dppsByProductIds", bearer=world.owner.access, json={"productIds": ["https://x"], "limit": limit}
        )
        answer.expect(400, "invalid_request")
