"""The navigation counts what waits for an answer of the account, and leads to it."""

from __future__ import annotations

import re

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.people import Session
from harness.rows import execute
from harness.world import World
from network.connected import decide, sent
from network.recalling import NOTICES, RECALLS, received
from passports.reading import issued
from races.things import insert_access_request


def counts(visitor: Visitor, path: str = "/products") -> dict[str, int]:
    """What the entries of the navigation count, by their address."""
    page = visitor.get(path).text
    bar = page[page.index('aria-label="Main"') : page.index("</nav>")]
    links = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', bar, re.DOTALL)
    return {address: int(number[1]) for address, text in links if (number := re.search(r">(\d+)\+?<", text))}


def acknowledge_all(world: World, session: Session) -> None:
    found = world.api.get(f"{NOTICES}?waiting=true&limit=100", bearer=session.access).object()["data"]
    for one in found:
        world.api.post(f"{NOTICES}/{one['id']}/acknowledge", bearer=session.access).expect(200)


def test_a_recall_of_a_partner_is_counted_until_it_is_acknowledged(world: World, editor: Visitor) -> None:
    acknowledge_all(world, world.owner)
    assert "/traceability" not in counts(editor)
    notice = received(world)
    assert counts(editor)["/traceability"] == 1
    page = editor.get("/traceability")
    assert "1 recall of partners waits for your acknowledgement." in text_of(page)
    path = f"/traceability/notices/{notice['id']}"
    assert path in editor.get("/traceability/recalls").text
    form = editor.get(path)
    assert editor.fill(form, path, note="Stopped.").status_code == 303
    assert "/traceability" not in counts(editor)
    assert "waits for your acknowledgement" not in text_of(editor.get("/traceability"))


def test_a_withdrawn_recall_is_not_counted(world: World, editor: Visitor) -> None:
    acknowledge_all(world, world.owner)
    received(world)
    assert counts(editor)["/traceability"] == 1
    newest = world.api.get(f"{RECALLS}?limit=1", bearer=world.other_owner.access).object()["data"][0]
    world.api.post(f"{RECALLS}/{newest['id']}/withdraw", bearer=world.other_owner.access).expect(200)
    assert "/traceability" not in counts(editor)


def test_requests_of_partners_are_counted_for_whoever_reads(
    world: World, editor: Visitor, new_visitor: NewVisitor
) -> None:
    before = counts(editor).get("/requests", 0)
    request = sent(world, gtin="4006381333931")
    assert counts(editor)["/requests"] == before + 1
    assert counts(new_visitor(world.person("VIEWER")))["/requests"] == before + 1
    # A page that shows the errors of a form counts, too.
    refused = editor.fill(editor.get("/products/new"), "/products/new", sku="")
    assert refused.status_code == 422
    assert "to answer" in text_of(refused)
    decide(world, world.owner, request, "decline", json={"reason": "No."}).expect(200)
    assert counts(editor).get("/requests", 0) == before


def test_requests_for_passports_are_counted_with_the_others(world: World, editor: Visitor) -> None:
    before = counts(editor).get("/requests", 0)
    _, passport_id = issued(world)
    request_id = insert_access_request(world, passport_id)
    try:
        assert counts(editor)["/requests"] == before + 1
        said = text_of(editor.get("/requests"))
        assert re.search(r"for what your passports withhold waits? for your answer", said)
    finally:
        execute(world.server.database, f"delete from passport_access_requests where id = '{request_id}'")
    assert counts(editor).get("/requests", 0) == before


def test_no_other_account_is_counted(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    acknowledge_all(world, world.other_owner)
    received(world)
    partner = new_visitor(world.other.owner)
    assert "/traceability" not in counts(partner)
    acknowledge_all(world, world.owner)
