"""A place is called the same on every page, whichever events the page shows."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from console.browser import Visitor, text_of
from epcis.captured import capture, event, unique
from harness.world import World
from linkxg.console.trace_view import item_address
from linkxg.network.traceability.place_store import LATEST
from products.catalogue import new_gtin

SHOP = "https://id.gs1.org/414/4000001000128"


def lot() -> str:
    return f"https://id.gs1.org/01/0{new_gtin()}/10/{unique('L').rpartition(':')[2][:12]}"


def test_a_place_has_its_name_on_pages_without_the_event_that_gives_it(world: World, editor: Visitor) -> None:
    name, item = f"Shop {unique('s')[-8:]}", lot()
    named = {"id": SHOP, "cbvmda:name": name}
    later = event(epcList=None, quantityList=[{"epcClass": item}], bizLocation={"id": SHOP}, bizStep="storing")
    capture(world, event(epcList=[unique("epc")], bizLocation=named), later)
    for path in (
        f"/events?{urlencode({'q': item})}",
        "/events?from=no+day",
        f"/events/{quote(later['eventID'], safe='')}",
        item_address(item),
    ):
        shown = text_of(editor.get(path))
        assert name in shown, path
        assert "GLN 4000001000128" not in shown, path


def test_the_newest_name_counts_among_the_newest_events(world: World, editor: Visitor) -> None:
    place = "https://id.gs1.org/414/4000001000135"
    days = [f"2026-02-{day:02d}T10:00:00Z" for day in range(1, 4)]
    items = [lot() for _ in range(3)]
    for at, item, name in zip(days, items, ("Old name", "New name", ""), strict=True):
        given = {"id": place} | ({"cbvmda:name": name} if name else {})
        of_item = [{"epcClass": item}]
        capture(world, event(epcList=None, quantityList=of_item, eventTime=at, bizLocation=given, bizStep="storing"))
    assert "at New name" in text_of(editor.get(f"/events?{urlencode({'q': items[2]})}"))
    assert LATEST >= 3
