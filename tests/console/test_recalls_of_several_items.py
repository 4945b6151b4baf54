"""Several items in one recall: what is typed is kept, and nothing is announced whose recipients were not shown."""

from __future__ import annotations

from urllib.parse import urlencode

from console.browser import Visitor, text_of
from harness.world import World
from linkxg.console.recalled_items import read_lines
from linkxg.network.epcis.documents.model import Item
from network.partners import account
from network.recalling import RECALLS, STRANGER, forget_gln, sent_to, shipped
from traceability.test_routes import capture, new_lots

NEW = "/traceability/recalls/new"
REASON = "The dye exceeds its limit."


def page_of(*items: Item) -> str:
    return f"{NEW}?{urlencode({'items': chr(10).join(item.uri for item in items)})}"


def sent_to_strangers(world: World, count: int) -> list[Item]:
    items = new_lots(count)
    capture(world, str(account(world, world.owner)["id"]), *(sent_to([item], STRANGER) for item in items))
    return items


def test_one_recall_is_announced_of_several_items(world: World, editor: Visitor) -> None:
    first = shipped(world)
    second = sent_to_strangers(world, 1)[0]
    form = editor.get(page_of(first, second, first))
    assert "2 affected items" in text_of(form)
    assert f"GLN {STRANGER} Not a partner of yours. 2 items" in text_of(form)
    question = editor.fill(form, NEW, reason=REASON)
    assert "The recall of 2 items is recorded" in text_of(question)
    sent = editor.post(NEW, [*editor.fields(question, NEW), ("sure", "yes")])
    assert sent.status_code == 303
    recall_id = sent.headers["location"].partition("?")[0].rpartition("/")[2]
    found = world.api.get(f"{RECALLS}/{recall_id}", bearer=world.owner.access).data()
    assert found["items"] == [first.uri, second.uri]
    forget_gln(world, world.other_owner)


def test_other_items_keep_what_was_typed(world: World, editor: Visitor) -> None:
    first, (second,) = shipped(world), sent_to_strangers(world, 1)
    form = editor.get(page_of(second))
    typed = {"reason": REASON, "instructions": "Stop the sale.", "items": f"{second.uri}\n{first.uri}"}
    shown = editor.fill(form, NEW, act="show", **typed)
    assert (shown.status_code, "2 affected items" in text_of(shown)) == (200, True)
    fields = editor.fields(shown, NEW)
    assert typed.items() <= dict(fields).items()
    # The partner who received the item that was added is chosen; whoever was not chosen before stays so.
    connection = dict(fields)["partner"]
    without = [pair for pair in fields if pair[0] != "partner"]
    shown = editor.post(NEW, [*without, ("act", "show")])
    assert "partner" not in dict(editor.fields(shown, NEW))
    assert f'value="{connection}"' in shown.text
    forget_gln(world, world.other_owner)


def test_items_whose_recipients_were_not_shown_are_not_announced(world: World, editor: Visitor) -> None:
    first, second = sent_to_strangers(world, 2)
    form = editor.get(page_of(first))
    refused = editor.fill(form, NEW, reason=REASON, items=f"{first.uri}\n{second.uri}", sure="yes")
    assert (refused.status_code, "The items have changed" in text_of(refused)) == (422, True)
    assert "2 affected items" in text_of(refused)
    question = editor.fill(refused, NEW)
    assert "The recall of 2 items is recorded" in text_of(question)


def test_each_line_with_a_fault_is_named(world: World, editor: Visitor) -> None:
    known, unknown = sent_to_strangers(world, 1)[0], new_lots(1)[0]
    text = f"{known.uri}\n\nyarn\n09520000002177 lot A"
    page = editor.get(f"{NEW}?{urlencode({'items': text})}")
    assert page.status_code == 422
    assert "Line 3: This identifier cannot be traced." in text_of(page)
    assert "Line 4: 09520000002177 is not a valid GTIN." in text_of(page)
    assert f">\n{text}</textarea>" in page.text
    page = editor.get(page_of(known, unknown))
    assert (page.status_code, "1 affected item" in text_of(page)) == (422, True)
    assert "Line 2: No event of yours is about this item." in text_of(page)
    refused = editor.fill(page, NEW, reason=REASON)
    assert (refused.status_code, "Line 2: No event" in text_of(refused)) == (422, True)


def test_a_recall_without_items_keeps_its_words(world: World, editor: Visitor) -> None:
    form = editor.get(page_of(*sent_to_strangers(world, 1)))
    refused = editor.fill(form, NEW, reason=REASON, items=" \n")
    assert (refused.status_code, "Say what is recalled." in text_of(refused)) == (422, True)
    assert dict(editor.fields(refused, NEW))["reason"] == REASON


def test_a_recall_of_many_partners_is_sent_as_one_form(world: World, editor: Visitor) -> None:
    form = editor.get(page_of(*sent_to_strangers(world, 1)))
    fields = [pair for pair in editor.fields(form, NEW) if pair[0] != "reason"]
    answer = editor.post(NEW, [*fields, ("reason", REASON), *(("partner", f"{n}") for n in range(500))])
    assert (answer.status_code, "Announce this recall?" in text_of(answer)) == (200, True)


def test_a_recall_has_at_most_fifty_items() -> None:
    items = "\n".join(item.uri for item in new_lots(51))
    assert read_lines(items).faults == ("At most 50 items in one recall.",)
    first = items.partition("\n")[0]
    assert not read_lines("\n".join([first] * 51)).faults
