"""The reads of EN 18222 give what the API gives, in the forms of the standard and of three of its clients."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from harness.answers import Answer
from harness.world import World
from passports.contents import FULL
from passports.reading import issued, read_by_id
from passports.units import issue
from products.catalogue import change, publish

ALL = "//v1/dppsByProductIds"


def dpp_id(world: World, passport_id: str) -> str:
    return quote(f"{world.server.url}/dpp/{passport_id}", safe="")


def ids(world: World, body: Any, query: str = "") -> Answer:
    return world.api.post(f"{ALL}{query}", bearer=world.owner.access, json=body)


def test_a_passport_is_read_by_its_id(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    shown = world.api.get(f"//v1/dpps/{dpp_id(world, passport_id)}").expect(200).object()
    assert shown == read_by_id(world, passport_id).data()
    for header in ("digitalProductPassportId", "uniqueProductIdentifier", "granularity", "dppSchemaVersion",
                   "dppStatus", "lastUpdated", "economicOperatorId"):  # fmt: skip
        assert shown[header]
    full = world.api.get(f"//v1/dpps/{dpp_id(world, passport_id)}?representation=full").expect(200).object()
    kinds = {one["elementId"]: one["objectType"] for one in full["elements"]}
    assert kinds["name"] == "SingleValuedDataElement"
    assert kinds["materials"] == "DataElementCollection"
    (document,) = next(one["elements"] for one in full["elements"] if one["elementId"] == "documents")
    assert document["objectType"] == "RelatedResource"
    assert "content" not in full


def test_an_element_is_read_by_its_path_and_what_is_withheld_is_404(world: World) -> None:
    _, passport_id = issued(world, **FULL, access={"attributes.cells": ["authority"]})
    path = f"//v1/dpps/{dpp_id(world, passport_id)}/elements"
    assert world.api.get(f"{path}/{quote('$.materials[0].name')}").expect(200).json() == "Steel"
    full = world.api.get(f"{path}/{quote('$.attributes.colour')}?representation=full").expect(200).object()
    assert full == {
        "elementId": "colour", "objectType": "SingleValuedDataElement", "valueDataType": "xsd:string", "value": "red",
    }  # fmt: skip
    world.api.get(f"{path}/{quote('$.attributes.cells')}").expect(404, "not_found")
    world.api.get(f"{path}/{quote('$..name')}").expect(400, "invalid_request")
    cells = world.api.get(f"{path}/{quote('$.attributes.cells')}", bearer=world.owner.access)
    assert cells.expect(200).json() == 96


def test_a_version_is_read_by_its_time(world: World) -> None:
    product, passport_id = issued(world, brand="First")
    at = read_by_id(world, passport_id).data()["lastUpdated"]
    change(world, product, {"content": {"brand": "Second"}}).expect(200)
    publish(world, product).expect(200)
    path = f"//v1/dppsByIdAndDate/{dpp_id(world, passport_id)}"
    assert world.api.get(f"{path}?date={at}").expect(200).object()["content"]["brand"] == "First"
    world.api.get(f"{path}?date=2020-01-01T00:00:00Z").expect(404, "not_found")
    world.api.get(f"{path}?date=yesterday").expect(400, "invalid_request")


def test_a_passport_is_read_by_its_product(world: World) -> None:
    product, passport_id = issued(world)
    (unit,) = issue(world, product, {"lot": "A/B"}).data()
    for found in (passport_id, unit["id"]):
        shown = read_by_id(world, found).data()
        carrier, normal = quote(shown["carrierLink"], safe=""), quote(shown["uniqueProductIdentifier"], safe="")
        assert world.api.get(f"//v1/dppsByProductId/{carrier}").expect(200).object() == shown
        own = world.api.get(f"//v1/dppsByProductId/{normal}", bearer=world.owner.access).expect(200).object()
        assert own["digitalProductPassportId"] == shown["digitalProductPassportId"]
        world.api.get(f"//v1/dppsByProductId/{normal}").expect(404, "not_found")
        world.api.get(f"//v1/dppsByProductId/{normal}", bearer=world.other_owner.access).expect(404, "not_found")
        world.api.get(f"//v1/dpps/{carrier}").expect(404, "not_found")


def test_each_form_of_a_request_has_its_form_of_answer(world: World) -> None:
    first, second = (read_by_id(world, issued(world)[1]).data() for _ in range(2))
    asked = [first["uniqueProductIdentifier"], "https://id.gs1.org/01/09506000134352", second["carrierLink"]]
    found = [first["digitalProductPassportId"], second["digitalProductPassportId"]]
    assert ids(world, {"productIds": asked}).expect(200).object() == {"dppIds": found, "nextCursor": None}
    assert ids(world, {"productId": asked}).expect(200).json() == found
    assert ids(world, asked).expect(200).json() == found
    wrapped = ids(world, {"productIdentifiers": asked, "limit": 1}).expect(200)
    payload = wrapped.object()["payload"]
    assert payload["dppIdentifiers"] == found[:1]
    assert 'rel="next"' in (wrapped.header("link") or "")
    rest = ids(world, {"productIdentifiers": asked, "limit": 5, "cursor": payload["nextCursor"]}).expect(200)
    assert rest.object()["payload"] == {"dppIdentifiers": found[1:], "nextCursor": None}


@pytest.mark.parametrize("body", [{}, [], {"productIds": [1]}, {"productIds": ["x"], "other": 1}, ["x"] * 501])
def test_other_forms_are_400(world: World, body: Any) -> None:
    ids(world, body).expect(400, "invalid_request")
    ids(world, ["x"], "?limit=501").expect(400, "invalid_request")


def test_errors_have_the_members_of_the_standard(world: World) -> None:
    answer = world.api.get(f"//v1/dpps/{dpp_id(world, '01a20900-46b1-7977-8501-b67e3b66cab2')}").expect(
        404, "not_found"
    )
    body = answer.object()
    assert body["statusCode"] == "ClientErrorResourceNotFound"
    (message,) = body["message"]
    assert (message["code"], message["correlationId"]) == ("404", body["requestId"])
    refused = world.api.post(ALL, json=["x"]).expect(401, "invalid_token").object()
    assert refused["statusCode"] == "ClientNotAuthorized"
    _, passport_id = issued(world)
    path = f"//v1/dpps/{dpp_id(world, passport_id)}"
    world.api.get(f"{path}?representation=other").expect(400, "invalid_request")
    world.api.get(path, headers={"Accept": "application/xml"}).expect(406, "not_acceptable")
