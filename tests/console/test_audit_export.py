"""The audit log export: complete, filtered, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.clients import make_client
from harness.people import sign_in
from harness.world import World

FORMULAS = ('=HYPERLINK("http://evil.example","x")', "+1+1", "-1+1", "@SUM(A1)", "＝1+1", "\uff0b1", "plain")
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.fixture
def hostile(world: World, new_visitor: NewVisitor) -> Visitor:
    """The Owner of an account of its own whose products and clients are named like formulas."""
    person = world.server.bootstrap("=1+1 Ltd", another=True).owner
    session = sign_in(world.api, person)
    for number, name in enumerate(FORMULAS):
        make_client(world.api, session, "products:read", client_name=name)
        body = {"sku": f"{name[:60]}{number}", "content": {"name": name}}
        world.api.post("/products", bearer=session.access, json=body).expect(201)
    return new_visitor(person)


def _rows(visitor: Visitor, query: str = "") -> list[dict[str, str]]:
    answer = visitor.get(f"/account/audit.csv{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    # A spreadsheet takes a file without the mark for one of its country's old charset.
    assert answer.content.startswith(b"\xef\xbb\xbfseq,")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_no_exported_cell_is_a_formula(hostile: Visitor) -> None:
    found = _rows(hostile)
    assert len(found) > 2 * len(FORMULAS)
    for row in found:
        for column, cell in row.items():
            assert not cell.startswith(STARTS), (column, cell)


def test_no_exported_address_reads_as_a_formula(world: World, new_visitor: NewVisitor) -> None:
    """What an event names as its target can be typed by a person: an e-mail address may begin with an equals sign."""
    person = world.server.bootstrap("Formula Addresses Ltd", another=True).owner
    session = sign_in(world.api, person)
    for email in ("=cmd@example.test", "+49@example.test", "-x@example.test"):
        world.api.post("/account/users", bearer=session.access, json={"email": email, "role": "VIEWER"}, reveals=True)
    for row in _rows(new_visitor(person)):
        assert not any(cell.startswith(STARTS) for cell in row.values()), row


def test_csv_and_ndjson_hold_the_whole_trail(hostile: Visitor) -> None:
    answer = hostile.get("/account/audit.ndjson")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    events = [json.loads(line) for line in answer.text.splitlines()]
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(numbers[0], 0, -1)), "every event, the newest first"
    assert {event["details"].get("client_name") for event in events} >= set(FORMULAS), "as they are, for programs"
    assert [row["hash"] for row in _rows(hostile)] == [event["hash"] for event in events]


def test_the_filter_applies_to_the_page_and_the_exports(hostile: Visitor) -> None:
    found = _rows(hostile, "?action=client.created")
    assert {row["action"] for row in found} == {"client.created"}
    assert len(found) == len(FORMULAS)
    page = hostile.get("/account/audit?action=client.created")
    assert "product.created</code>" not in page.text
    assert "/account/audit.csv?action=client.created" in page.text


def test_the_chain_is_verified(hostile: Visitor) -> None:
    assert "The chain is intact" in text_of(hostile.get("/account/audit/verify"))


def test_no_secret_is_in_an_export(world: World, hostile: Visitor) -> None:
    for path in ("/account/audit.csv", "/account/audit.ndjson"):
        assert not world.vault.found_in(hostile.get(path).content)
