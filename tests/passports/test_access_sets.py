"""Who reads what of a passport: lists and the ones in them, partners by their shares, elements by their paths.

The whole matrix of fields and roles is in test_field_role_matrix.py.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from harness.world import World
from network.sharing import end_shares, share
from passports.contents import FULL
from passports.reading import issued, read_by_id
from products.catalogue import body, change, post


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
