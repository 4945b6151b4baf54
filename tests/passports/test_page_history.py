"""The history on the page of a passport: versions, what changed in them, and what has become of the item."""

from __future__ import annotations

import re

from harness.answers import JsonObject
from harness.world import World
from linkxg.network.passports.read.find_history import MAX_ENTRIES
from passports.reading import issued, read_by_id
from passports.test_pages import page
from passports.units import end, issue
from products.catalogue import change, publish

ENTRY = re.compile(r"<li><time[^>]*>([^<]*)</time> (.*?) <span>([^<]*)</span></li>")


def entries(text: str) -> list[tuple[str, str]]:
    """(version, what changed), newest first."""
    _, _, section = text.partition('id="history"')
    found = ENTRY.findall(section.partition("</section>")[0])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date, _, _ in found)
    return [(re.sub(r"<[^>]*>", "", version), what) for _, version, what in found]


def shown(world: World, passport_id: str, query: str = "", language: str = "en") -> str:
    return page(world, passport_id, language, query).expect(200).body.decode()


def republish(world: World, product: JsonObject, **members: object) -> None:
    change(world, product, {"content": members}).expect(200)
    publish(world, product).expect(200)


def test_versions_have_their_dates_and_what_changed(world: World) -> None:
    product, passport_id = issued(world, brand="First", attributes={"colour": "red", "cells": 1})
    assert entries(shown(world, passport_id)) == [("Version 1", "First version")]
    republish(world, product, brand="Second", attributes={"colour": "blue"})
    text = shown(world, passport_id)
    assert entries(text) == [("Version 2", "Changed: Brand, colour"), ("Version 1", "First version")]
    assert f'/dpp/{passport_id}?version=1&amp;lang=en">' in text
    assert entries(shown(world, passport_id, language="de")) == [
        ("Fassung 2", "Geändert: Marke, colour"), ("Fassung 1", "Erste Fassung"),
    ]  # fmt: skip
    assert entries(shown(world, passport_id, "?version=1")) == [("Version 1", "First version")]


def test_what_is_withheld_is_no_change(world: World) -> None:
    access = {"brand": ["authority"], "attributes.secret": ["authority"]}
    product, passport_id = issued(world, brand="First", attributes={"secret": 1, "colour": "red"}, access=access)
    republish(world, product, brand="Second", attributes={"secret": 2})
    assert entries(shown(world, passport_id))[0] == ("Version 2", "Issued again")
    own = read_by_id(world, passport_id, bearer=world.owner.access, accept="text/html").expect(200).body.decode()
    assert entries(own)[0] == ("Version 2", "Changed: Brand, secret")
    republish(world, product, access={"brand": "public"})
    assert entries(shown(world, passport_id))[0] == ("Version 3", "Issued again"), "the brand of before stays withheld"


def test_the_life_of_an_item_is_in_its_history(world: World) -> None:
    product, _ = issued(world)
    address = "https://dpp.example/dpp/1"
    (item,) = issue(world, product, {"serial": "1", "lifeStatus": "repurposed", "predecessor": address}).data()
    assert f'Former passport: <a href="{address}"' in shown(world, item["id"])
    end(world, item["id"], "life-status", {"lifeStatus": "waste"}).expect(200)
    text = shown(world, item["id"])
    assert entries(text) == [("Version 2", "Life status is now: waste"), ("Version 1", "First version")]
    assert "<dt>Life status</dt><dd>waste</dd>" in text
    german = shown(world, item["id"], language="de")
    assert entries(german)[0] == ("Fassung 2", "Lebensstatus ist jetzt: Abfall")


def test_a_long_history_goes_on_at_an_earlier_version(world: World) -> None:
    product, passport_id = issued(world)
    for number in range(MAX_ENTRIES + 1):
        republish(world, product, brand=f"B{number}")
    text = shown(world, passport_id)
    assert [version for version, _ in entries(text)] == [f"Version {n}" for n in range(10, 10 - MAX_ENTRIES, -1)]
    assert '?version=2&amp;lang=en">Earlier versions' in text
    assert [version for version, _ in entries(shown(world, passport_id, "?version=2"))] == ["Version 2", "Version 1"]
