"""A product form with several errors: all are reported at once, each linked to its field."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.test_product_form import form, save
from harness.answers import JsonObject
from harness.world import World
from products.catalogue import body, change, create, delete, new_gtin, path, post, published, read

WRONG = {
    "gtin": "4006381333932",
    "facility.gln": "123",
    "category.schemeId": "https://gpc.example/",
    "name": "",
    "sku": "",
    "brand": "x" * 256,
    "countryOfProduction": "Atlantis",
}
MESSAGES = {
    "f-gtin": "GTIN: The check digit is wrong; it should be 1.",
    "f-facility.gln": "Facility GLN: A GLN must have 13 digits and nothing else.",
    "f-category.code": "Category code is missing.",
    "f-name": "Name is missing.",
    "f-sku": "SKU is missing.",
    "f-brand": "Brand is too long: at most 255 characters.",
    "f-countryOfProduction": "Country of production: Unknown country code",
}


def faults(page: Any) -> dict[str, str]:
    """What the summary of a page says, by the field that it links to; each has its own message there as well."""
    found = {name: unescape(message) for name, message in re.findall(r'<p><a href="#([^"]+)">([^<]*)</a>', page.text)}
    for name, message in found.items():
        assert f'id="{name}"' in page.text, name
        assert f'id="e-{name}"' in page.text, name
        assert message in text_of(page)
    return found


@pytest.mark.any_engine
def test_a_form_reports_all_its_errors(world: World, editor: Visitor) -> None:
    made = create(world)
    refused = save(editor, form(editor, made), **WRONG)
    assert refused.status_code == 422
    errors = faults(refused)
    assert errors.keys() == MESSAGES.keys()
    assert all(errors[name].startswith(message) for name, message in MESSAGES.items()), errors
    assert read(world, made).data() == made
    right = {"sku": made["sku"], "gtin": new_gtin(), "name": "N", "facility.gln": "", "category.schemeId": "",
             "brand": "", "countryOfProduction": ""}  # fmt: skip
    assert save(editor, refused, **right).status_code == 303


@pytest.mark.any_engine
def test_clearing_a_published_gtin_is_reported_with_the_other_errors(world: World, editor: Visitor) -> None:
    made = published(world)
    errors = faults(save(editor, form(editor, made), gtin="", **{"facility.gln": "12", "category.code": ""}))
    assert errors.keys() == {"f-gtin", "f-facility.gln", "f-category.code"}


@pytest.mark.any_engine
def test_the_form_of_a_new_product_reports_all_its_errors(editor: Visitor) -> None:
    refused = editor.fill(editor.get("/products/new"), None, sku=" ", name="", gtin="12")
    assert refused.status_code == 422
    assert faults(refused) == {
        "sku": "SKU is missing.",
        "name": "Name is missing.",
        "gtin": "A GTIN must have 8, 12, 13 or 14 digits and nothing else.",
    }
    long = editor.fill(editor.get("/products/new"), None, sku="s" * 65, name="n" * 256, gtin="4006381333932")
    assert faults(long).keys() == {"sku", "name", "gtin"}


@pytest.mark.any_engine
def test_a_taken_sku_is_reported_with_the_other_errors(world: World, editor: Visitor) -> None:
    taken, other = create(world), create(world)
    refused = editor.fill(editor.get("/products/new"), None, sku=taken["sku"], name="Drill", gtin="12")
    assert refused.status_code == 422
    assert faults(refused).keys() == {"sku", "gtin"}
    assert f'href="/products/{taken["id"]}"' in refused.text
    errors = faults(save(editor, form(editor, other), sku=taken["sku"], gtin="12"))
    assert errors.keys() == {"f-sku", "f-gtin"}


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"brand": 5, "facility": {"gln": "123"}, "category": {}}, {"brand", "facility.gln", "category.code"}),
        ({"name": None, "description": 1, "producer": {"name": 2, "gln": "1"}},
         {"name", "description", "producer.name", "producer.gln"}),
        ({"dimensions": {"height": {"value": "5", "unit": "MTR"}}, "brand": 1}, {"dimensions.height.value", "brand"}),
        ({"materials": [{"name": 5}], "facility": {"gln": "123"}}, {"materials[0].name", "facility.gln"}),
        ({"brand": 1, "typo": 2}, {"", "brand"}),
    ],
)  # fmt: skip
def test_a_rejected_patch_names_every_invalid_field(world: World, content: JsonObject, fields: set[str]) -> None:
    made = create(world)
    answer = change(world, made, {"gtin": "12", "content": content}).expect(422, "validation_failed")
    named = [one["field"] for one in answer.object()["details"]]
    assert named[0] == "gtin"
    assert len(named) == len(set(named))
    assert set(named[1:]) == {f"content.{field}".rstrip(".") for field in fields}
    assert read(world, made).data() == made


def holder(page: Any, made: JsonObject, name: str) -> None:
    """The page links the other product by name and SKU, in the summary and, if it is about a field, there as well."""
    links = re.findall(rf'<a href="{path(made)}"><bdi class="clip">([^<]*)</bdi>', page.text)
    assert page.status_code == 409
    assert links, text_of(page)
    assert {unescape(link) for link in links} == {f"{name} (SKU {made['sku']})"}


def test_the_product_that_already_has_the_identifier_is_linked(world: World, editor: Visitor) -> None:
    name, gtin = f"Bolt <{uuid4()}>", new_gtin()
    first = post(world, body(name=name, gtin=gtin)).expect(201).data()
    other = create(world)
    for taken in ({"gtin": gtin}, {"sku": first["sku"]}, {"sku": first["sku"], "gtin": gtin}):
        refused = save(editor, form(editor, other), **taken)
        holder(refused, first, name)
        assert faults(refused) == {
            f"f-{field}": f"Another product of this account has this {field.upper()}." for field in taken
        }
        fresh = {"name": "N", "sku": f"S-{uuid4()}"} | taken
        holder(editor.fill(editor.get("/products/new"), None, **fresh), first, name)


def test_the_product_that_took_the_gtin_of_an_archived_one_is_linked(world: World, editor: Visitor) -> None:
    made = published(world)
    delete(world, made).expect(204)
    heir = post(world, body(name="Heir", gtin=made["gtin"])).expect(201).data()
    refused = editor.fill(editor.get(path(made)), f"{path(made)}/unarchive")
    assert "Another product took this GTIN while this one was archived." in text_of(refused)
    holder(refused, heir, "Heir")


def test_the_api_names_the_product_that_has_the_identifier(world: World) -> None:
    first = create(world, gtin=new_gtin())
    second = create(world)
    taken = {"sku": first["sku"], "gtin": first["gtin"]}
    says = f"The product {first['id']} with the SKU {first['sku']} already has this"
    detail = {
        name: {"field": name, "code": f"duplicate_{name}", "message": f"{says} {name.upper()}."} for name in taken
    }
    for given in ({"sku": first["sku"]}, {"gtin": first["gtin"]}, taken):
        error = "duplicate_sku" if "sku" in given else "duplicate_gtin"
        for answer in (change(world, second, given), post(world, body(**given))):
            assert answer.expect(409, error).object()["details"] == [detail[name] for name in given]
    # Another account has SKUs and GTINs of its own.
    stranger = world.other_owner.access
    world.api.post("/products", bearer=stranger, json=body(**taken)).expect(201)
    again = world.api.post("/products", bearer=stranger, json=body(**taken)).expect(409, "duplicate_sku")
    assert first["id"] not in str(again.object())


@pytest.mark.any_engine
@pytest.mark.parametrize(
    "number", ["9" * 5_000, "-1", "", "١٢", "1e9"], ids=["long", "negative", "none", "arabic", "float"]
)
def test_a_malformed_hidden_number_never_causes_a_5xx(world: World, editor: Visitor, number: str) -> None:
    made = create(world)
    opened = form(editor, made)
    change(world, made, {"content": {"brand": "Theirs"}}).expect(200)
    asked = save(editor, opened, brand="Mine", revision=number, draft=number)
    assert asked.status_code == 409
    assert read(world, made).data()["content"]["brand"] == "Theirs"
    for address in (f"/products?page={number}", f"/products/{made['id']}/versions/{number or 0}"):
        assert editor.get(address).status_code < 500
