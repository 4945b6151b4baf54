"""No representation shows a field whose set of roles the viewer's roles do not meet. Security rules 240 and 245.

Access is a set, not a ladder.
"""

from __future__ import annotations

import json
from itertools import product as combinations
from urllib.parse import quote

import pytest

from harness.answers import JsonObject
from harness.world import World
from network.sharing import end_shares, share
from passports.contents import FULL
from passports.reading import CREDENTIAL, JWT, decoded, issued, read_by_id
from products.catalogue import body, change, post

SETS: dict[str, list[str]] = {
    "public": ["public"],
    "restricted": ["legitimateInterest"],
    "authority": ["authority"],
    "both": ["legitimateInterest", "authority"],
}
SECRETS = {name: f"secret-of-{name}" for name in SETS}
VIEWERS: dict[str, list[str]] = {
    "anybody": ["public"],
    "partner": ["public"],
    "interested": ["public", "legitimateInterest"],
    "authority": ["public", "authority"],
    "both": ["public", "legitimateInterest", "authority"],
    "owner": ["public", "legitimateInterest", "authority", "owner"],
}
MEMBERS = ("description", "modelNumber", "attributes")


def _access(name: str) -> list[str] | str:
    return "restricted" if name == "restricted" else SETS[name]


@pytest.fixture(scope="module")
def passports(world: World) -> dict[tuple[str, str], tuple[JsonObject, str]]:
    """For each member and set, a passport whose member has the set, and a secret in it."""
    made = {}
    for member, name in combinations(MEMBERS, SETS):
        value: object = {"x": SECRETS[name]} if member == "attributes" else SECRETS[name]
        path = "attributes.x" if member == "attributes" else member
        made[member, name] = issued(world, **{member: value, "access": {path: _access(name)}})
    return made


def _others(world: World, passport_id: str, bearer: str | None) -> list[str]:
    """The page, and both representations of EN 18222."""
    address = quote(f"{world.server.url}/dpp/{passport_id}", safe="")
    page = read_by_id(world, passport_id, bearer=bearer, accept="text/html").expect(200)
    forms = ("compressed", "full")
    read = [world.api.get(f"//v1/dpps/{address}?representation={form}", bearer=bearer).expect(200) for form in forms]
    return [answer.body.decode() for answer in (page, *read)]


@pytest.mark.parametrize("viewer", VIEWERS)
def test_no_representation_shows_a_field_to_other_roles(
    world: World, passports: dict[tuple[str, str], tuple[JsonObject, str]], viewer: str
) -> None:
    end_shares(world)
    roles = VIEWERS[viewer]
    bearer = None
    if viewer == "owner":
        bearer = world.owner.access
    elif viewer != "anybody":
        share(world, type="ALL", passportRoles=[role for role in roles if role != "public"])
        bearer = world.other_owner.access
    for (member, name), (_, passport_id) in passports.items():
        may = viewer == "owner" or bool({*SETS[name]} & {*roles})
        path = "attributes.x" if member == "attributes" else member
        for accept in ("application/json", CREDENTIAL, JWT):
            text = read_by_id(world, passport_id, bearer=bearer, accept=accept).expect(200).body.decode()
            shown = decoded(text)[1] if accept == JWT else json.loads(text)
            assert (SECRETS[name] in json.dumps(shown)) == may, (viewer, member, name, accept)
            for other in _others(world, passport_id, bearer):
                assert (SECRETS[name] in other) == may, (viewer, member, name)
            element = world.api.get(f"/dpp/{passport_id}/elements/$.content.{path}", bearer=bearer)
            assert element.status == (200 if may else 404)
            withheld = shown.get("data", shown).get("withheld") or []
            assert (path in withheld) == (not may)
    end_shares(world)


def test_documents_have_readers_of_their_own(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    public = read_by_id(world, passport_id).data()
    assert [one["title"] for one in public["content"]["documents"]] == ["Manual"]
    assert public["withheld"] == ["documents[1]"]
    own = read_by_id(world, passport_id, bearer=world.owner.access).data()
    assert len(own["content"]["documents"]) == 2
    assert "access" not in json.dumps(own["content"])


def test_an_attribute_is_seen_by_whoever_may_read_all_of_them_and_this_one(world: World) -> None:
    access = {"attributes": ["legitimateInterest"], "attributes.colour": "public"}
    _, passport_id = issued(world, attributes={"colour": "red", "cells": 96}, access=access)
    shown = read_by_id(world, passport_id).data()
    assert "attributes" not in shown["content"]
    assert shown["withheld"] == ["attributes"]


def test_a_partner_loses_its_roles_with_its_share(world: World) -> None:
    end_shares(world)
    product, passport_id = issued(world, brand="Secret", access={"brand": "restricted"})
    bearer = world.other_owner.access
    listed = f"/dpp?shared=true&productId={product['id']}"
    share(world, product, passportRoles=["legitimateInterest"])
    assert read_by_id(world, passport_id, bearer=bearer).data()["content"]["brand"] == "Secret"
    (found,) = world.api.get(listed, bearer=bearer).expect(200).object()["data"]
    assert found["digitalProductPassportId"].endswith(passport_id)
    end_shares(world)
    assert "brand" not in read_by_id(world, passport_id, bearer=bearer).data()["content"]
    assert world.api.get(listed, bearer=bearer).expect(200).object()["data"] == []
    share(world, product)
    assert world.api.get(listed, bearer=bearer).expect(200).object()["data"] == []
    world.api.get("/dpp?shared=true", bearer=bearer).expect(400, "invalid_request")
    end_shares(world)


def test_an_element_is_named_by_a_path(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    where = f"/dpp/{passport_id}/elements"
    for path, value in (
        ("$.content.materials[0].name", "Steel"), ("content.materials[0].massFraction", 0.9), ("$['version']", 1),
        ("$.content.attributes", FULL["attributes"]), ('content["modelNumber"]', "M-1"),
    ):  # fmt: skip
        assert world.api.get(f"{where}/{quote(path)}").expect(200).data() == value
    for path in ("$.content.materials[1]", "content.documents[1]", "nothing", "$.content.name.x", "$.version[0]"):
        world.api.get(f"{where}/{quote(path)}").expect(404, "not_found")
    for path in ("$..name", "$.content.materials[*]", "$.content[?@.x]", "$[-1]", "a" * 600, "$" + ".a" * 21, "a b"):
        world.api.get(f"{where}/{quote(path)}").expect(400, "invalid_request")


def test_access_takes_the_names_of_roles_alone(world: World) -> None:
    for access in (["owner"], [], ["public"] * 4, "everybody"):
        post(world, body(access={"name": access})).expect(422, "validation_failed")
    made = post(world, body(access={"name": ["authority", "legitimateInterest"], "brand": "legitimateInterest"}))
    change(world, made.expect(201).data(), {"content": {"access": {"name": ["public"]}}}).expect(200)
