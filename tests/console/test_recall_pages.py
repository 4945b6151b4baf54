"""A recall as a guided task: what, whom it concerns, the announcement; and the page of who has acknowledged."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from urllib.parse import quote

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.world import World
from network.recalling import NOTICES, RECALLS, STRANGER, forget_gln, recall, received, shipped
from network.sharing import connection_of
from traceability.test_routes import new_lots

PAGE, NEW = "/traceability/recalls", "/traceability/recalls/new"
REASON = "The dye exceeds its limit."


def waiting(world: World) -> int:
    found = world.api.get(f"{NOTICES}?waiting=true&limit=100", bearer=world.other_owner.access).expect(200)
    return len(found.object()["data"])


def test_a_recall_is_announced_in_three_steps(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    item = shipped(world)
    before = waiting(world)
    assert "Show whom it concerns" in text_of(editor.get(NEW))
    form = editor.get(f"{NEW}?items={quote(item.uri, safe='')}")
    shown = text_of(form)
    assert "1 affected item" in shown
    assert world.other.name in shown
    assert f"GLN {STRANGER} Not a partner of yours." in shown
    question = editor.fill(form, NEW, reason=REASON, instructions="Stop the sale.\x0bReturn it.")
    assert question.status_code == 200
    assert "Announce this recall?" in text_of(question)
    assert f"A notice goes to {world.other.name}" in text_of(question)
    assert "Notify 1 recipient yourself." in text_of(question)
    assert waiting(world) == before
    fields = editor.fields(question, NEW)
    sent = [editor.post(NEW, [*fields, ("sure", "yes")]) for _ in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["location"].partition("?")[0] for answer in sent}) == 1
    assert waiting(world) == before + 1
    progress = editor.get(sent[0].headers["location"])
    assert "The recall is announced: 1 partner has a notice." in text_of(progress)
    assert "0 of 2 recipients" in text_of(progress)
    forget_gln(world, world.other_owner)
    partner = new_visitor(world.other.owner)
    inbox = partner.get(PAGE)
    notice = re.search(r'href="(/traceability/notices/[^"]*)"', inbox.text)
    assert notice
    page = partner.get(notice[1])
    assert "Stop the sale. Return it." in text_of(page)
    done = partner.fill(page, notice[1], note="Two were sold.")
    assert "sees that you have acknowledged." in text_of(partner.get(done.headers["location"]))
    progress = editor.get(sent[0].headers["location"].partition("?")[0])
    assert "1 of 2 recipients" in text_of(progress)
    assert "Two were sold." in text_of(progress)
    assert "not passed on" in text_of(progress)


def test_going_back_keeps_the_form(world: World, editor: Visitor) -> None:
    item = shipped(world)
    form = editor.get(f"{NEW}?items={quote(item.uri, safe='')}")
    # Of all partners none is chosen.
    fields = [pair for pair in editor.fields(form, NEW, holding="reason") if pair[0] not in ("partner", "reason")]
    question = editor.post(NEW, [*fields, ("reason", REASON)])
    assert "No partner gets a notice." in text_of(question)
    back = editor.post(NEW, [*editor.fields(question, NEW), ("confirm_cancel", "yes")])
    kept = editor.fields(back, NEW, holding="reason")
    assert dict(kept)["reason"] == REASON
    assert "partner" not in dict(kept)
    forget_gln(world, world.other_owner)


def test_a_recall_with_faults_shows_them(world: World, editor: Visitor) -> None:
    item = shipped(world)
    form = editor.get(f"{NEW}?items={quote(item.uri, safe='')}")
    refused = editor.fill(form, NEW, reason=" ")
    assert refused.status_code == 422
    assert "Say why it is recalled." in text_of(refused)
    question = editor.fill(form, NEW, reason="x" * 501)
    refused = editor.post(NEW, [*editor.fields(question, NEW), ("sure", "yes")])
    assert "At most 500 characters." in text_of(refused)
    assert f">\n{'x' * 501}</textarea>" in refused.text
    for text, message in (
        ("text", "This identifier cannot be traced."),
        (new_lots(1)[0].uri, "No event of yours is about this item."),
    ):
        page = editor.get(f"{NEW}?items={quote(text, safe='')}")
        assert (page.status_code, message in text_of(page)) == (422, True)
    forget_gln(world, world.other_owner)


def test_a_recipient_without_a_connection_is_recorded_by_hand(world: World, editor: Visitor) -> None:
    made = recall(world)
    path = f"{PAGE}/{made['id']}"
    page = editor.get(path)
    fields = editor.fields(page, path, holding="recipient")
    saved = editor.post(path, [*(pair for pair in fields if pair[0] != "note"), ("note", "Called.")])
    assert saved.status_code == 303
    shown = text_of(editor.get(path))
    assert "recorded by you" in shown
    assert "Called." in shown
    table = editor.get(f"{path}/recall.csv").text.removeprefix("\ufeff")
    assert {line["acknowledgedBy"] for line in csv.DictReader(io.StringIO(table))} == {"SELF", ""}


def test_a_recall_is_withdrawn_after_a_question(world: World, editor: Visitor) -> None:
    made = recall(world)
    path = f"{PAGE}/{made['id']}"
    fields = editor.fields(editor.get(path), path, holding="reason")
    question = editor.post(path, [*(pair for pair in fields if pair[0] != "reason"), ("reason", "Wrong result.")])
    assert "1 partner sees that it is withdrawn" in text_of(question)
    done = editor.post(path, [*editor.fields(question, path), ("sure", "yes")])
    assert "The recall is withdrawn." in text_of(editor.get(done.headers["location"]))
    assert "Wrong result." in text_of(editor.get(path))
    assert world.api.get(f"{RECALLS}/{made['id']}", bearer=world.owner.access).data()["status"] == "WITHDRAWN"


def test_a_notice_is_passed_on(world: World, editor: Visitor) -> None:
    notice = received(world)
    page = editor.get(f"/traceability/notices/{notice['id']}")
    assert f'href="{NEW}?notice={notice["id"]}"' in page.text
    # Nothing of the first account is about the item yet.
    form = editor.get(f"{NEW}?notice={notice['id']}")
    assert "No event of yours is about this item." in text_of(form)
    assert f"recall by {world.other.name}" in text_of(form)


def test_without_a_mail_server_nobody_is_told_that_a_mail_was_sent(world: World, editor: Visitor) -> None:
    made = recall(world)
    path = f"{PAGE}/{made['id']}"
    page = editor.get(path)
    assert "1 notified partner has not acknowledged. This service sends no mail." in text_of(page)
    assert "Send a reminder" not in text_of(page)
    fields = editor.fields(page, path, holding="reason")
    refused = editor.post(path, [("act", "remind"), *(pair for pair in fields if pair[0] not in ("act", "reason"))])
    assert (refused.status_code, "This service sends no mail." in text_of(refused)) == (409, True)
    assert world.api.get(f"{RECALLS}/{made['id']}", bearer=world.owner.access).data()["remindedAt"] is None
    world.api.post(f"{RECALLS}/{made['id']}/remind", bearer=world.owner.access).expect(409, "invalid_state")
    question = editor.fill(page, path, act="withdraw")
    assert "No mail is sent" in text_of(question)


def test_a_recall_and_a_notice_name_lot_and_place(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    made, notice = recall(world, instructions="Stop the sale."), received(world)
    item = made["itemDetails"][0]
    for path in (PAGE, f"{PAGE}/{made['id']}"):
        assert f"GTIN {item['gtin']}, lot {item['lot']}" in text_of(editor.get(path))
    shown = text_of(editor.get(f"{PAGE}/{made['id']}"))
    assert "Instructions Stop the sale." in shown
    assert "no event says where" in shown
    theirs = notice["itemDetails"][0]
    page = new_visitor(world.person("VIEWER")).get(f"/traceability/notices/{notice['id']}")
    assert f"GTIN {theirs['gtin']}, lot {theirs['lot']}" in text_of(page)
    assert "An Owner or Admin of your account acknowledges" in text_of(page)
    # A few of the Owners and Admins: other tests add some to the account.
    assert "@example.test" in text_of(page).partition("passes it on:")[2][:80]


def test_a_viewer_sees_and_cannot_act(world: World, new_visitor: NewVisitor) -> None:
    made, notice = recall(world), received(world)
    viewer = new_visitor(world.person("VIEWER"))
    for path in (f"{PAGE}/{made['id']}", f"/traceability/notices/{notice['id']}", PAGE):
        page = viewer.get(path)
        assert page.status_code == 200
        assert 'method="post" action="/traceability' not in page.text
        assert NEW not in unescape(page.text)
    assert viewer.get(NEW).status_code == 403


def test_nobody_sees_the_recalls_of_others(world: World, new_visitor: NewVisitor) -> None:
    made, notice = recall(world), received(world)
    connection_of(world)
    other = new_visitor(world.other.owner)
    for path in (f"{PAGE}/{made['id']}", f"{PAGE}/{made['id']}/recall.csv", f"/traceability/notices/{notice['id']}",
                 f"{NEW}?notice={notice['id']}"):  # fmt: skip
        assert other.get(path).status_code == 404, path
