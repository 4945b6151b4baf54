"""Batches and items withhold what the newest version of their model does, without being issued again.

Otherwise an accidental disclosure stays public in every one of them. Security rules 240 and 241.
"""

from __future__ import annotations

import pytest

from harness.answers import JsonObject
from harness.world import World
from linkxg.clock import now_ms, rfc3339
from passports.granting import granted, opened, path_of
from passports.reading import CREDENTIAL, JWT, decoded, issued, passports_of, read_by_id
from passports.scanning import slug_of
from passports.units import issue
from products.catalogue import change, publish, withdraw

SECRET = "Told by accident"
FIELDS: dict[str, tuple[JsonObject, JsonObject]] = {
    "brand": ({"brand": SECRET}, {"access": {"brand": ["authority"]}}),
    "attributes.furnace": (
        {"attributes": {"furnace": SECRET}},
        {"access": {"attributes.furnace": ["authority"]}},
    ),
    "documents[0]": (
        {"documents": [{"url": "https://a.example/1", "title": SECRET}]},
        {"documents": [{"url": "https://a.example/1", "title": SECRET, "access": "authority"}]},
    ),
}


def _changed(world: World, product: JsonObject, content: JsonObject) -> None:
    change(world, product, {"content": content}).expect(200)
    publish(world, product).expect(200)


def _said(world: World, passport_id: str, *queries: str, bearer: str | None = None) -> str:
    said = ""
    for query in queries or ("",):
        for accept in ("application/json", CREDENTIAL, "text/html"):
            answer = read_by_id(world, passport_id, query, bearer=bearer, accept=accept)
            said += answer.expect(200).body.decode()
        jwt = read_by_id(world, passport_id, query, bearer=bearer, accept=JWT).expect(200).body.decode()
        said += str(decoded(jwt)[1])
    return said


@pytest.mark.parametrize("path", FIELDS)
def test_units_withhold_what_their_model_withholds_later(world: World, path: str) -> None:
    content, withheld = FIELDS[path]
    product, model = issued(world, **content)
    lot, item = issue(world, product, {"lot": "L"}, {"serial": "S"}).expect(201).data()
    before = rfc3339(now_ms())
    for unit in (lot, item):
        # The answer is kept, in every representation.
        assert _said(world, unit["id"]).count(SECRET) >= 3
    _changed(world, product, withheld)
    for unit in (lot, item):
        assert SECRET not in _said(world, unit["id"], "", "?version=1", f"?asOf={before}")
        assert path in read_by_id(world, unit["id"]).data()["withheld"]
        assert SECRET in _said(world, unit["id"], bearer=world.owner.access)
        link = path_of(world, granted(world, unit["id"]))
        assert SECRET in opened(world, link).expect(200).body.decode(), "for authorities"
    assert passports_of(world, product, lot="L")[0]["version"] == 1
    scanned = world.api.get(f"//{slug_of(world)}/01/{product['gtin']}/10/L?linkType=linkset")
    assert SECRET not in scanned.expect(200).body.decode()
    # It holds for a version that is withdrawn as well.
    withdraw(world, product, 2, "By accident.").expect(200)
    assert SECRET not in _said(world, lot["id"], "", "?version=1")
    assert SECRET not in _said(world, model, "", "?version=1")


def test_what_a_unit_opens_itself_stays_open(world: World) -> None:
    """It says so of itself, as it would if it were issued again."""
    product, _ = issued(world)
    unit = {"lot": "L", "attributes": {"furnace": "open"}, "access": {"attributes.furnace": ["public"]}}
    (lot,) = issue(world, product, unit).expect(201).data()
    _changed(world, product, {"access": {"attributes.furnace": ["authority"]}})
    assert read_by_id(world, lot["id"]).data()["content"]["attributes"]["furnace"] == "open"
    _changed(world, product, {"access": {"attributes": ["authority"]}})
    assert "attributes" not in read_by_id(world, lot["id"]).data()["content"]


def test_a_unit_follows_its_model_when_a_field_is_opened_again(world: World) -> None:
    product, _ = issued(world, brand="Open")
    (lot,) = issue(world, product, {"lot": "L"}).expect(201).data()
    _changed(world, product, {"access": {"brand": ["authority"]}})
    assert "brand" not in read_by_id(world, lot["id"]).data()["content"]
    _changed(world, product, {"access": None})
    assert read_by_id(world, lot["id"]).data()["content"]["brand"] == "Open"


def test_a_journey_that_the_model_shares_no_more_is_not_shown(world: World) -> None:
    product, _ = issued(world, access={"journey": ["public"]})
    (item,) = issue(world, product, {"serial": "S"}).expect(201).data()
    assert "journey" not in read_by_id(world, item["id"]).data()["withheld"]
    _changed(world, product, {"access": None})
    assert "journey" in read_by_id(world, item["id"]).data()["withheld"]
