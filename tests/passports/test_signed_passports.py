"""Signed passports are verified by another library with nothing but what is public; their withdrawal is a bit.

Security rules 242 and 243.
"""

from __future__ import annotations

from uuid import uuid4

from harness.world import World
from passports.reading import decoded, issued
from passports.signatures import rotate, signed, status_bit, verified
from products.catalogue import withdraw


def test_a_signed_passport_is_verified_through_the_did_document(world: World) -> None:
    product, passport_id = issued(world)
    token = signed(world, passport_id)
    header, _ = decoded(token)
    assert (header["typ"], header["cty"], header["alg"]) == ("vc+jwt", "vc", "ES256")
    credential = verified(world, token)
    assert credential["credentialSubject"]["id"] == f"https://id.gs1.org/01/{product['gtin']}"
    assert signed(world, passport_id) == token, "it is signed once"


def test_a_key_rotates_and_what_the_former_one_signed_stays_valid(world: World) -> None:
    _, first = issued(world)
    before = signed(world, first)
    keys = rotate(world)
    assert keys[0]["retiredAt"] is None
    assert all(key["retiredAt"] for key in keys[1:])
    assert "d" not in keys[0]["publicKeyJwk"]
    assert signed(world, first) == before
    verified(world, before)
    _, second = issued(world)
    after = signed(world, second)
    verified(world, after)
    assert decoded(after)[0]["kid"] != decoded(before)[0]["kid"]
    world.api.post("/account/passport-keys/rotate", bearer=world.session("MEMBER").access).expect(403, "access_denied")


def test_the_status_bit_is_set_once_the_version_is_withdrawn(world: World) -> None:
    product, passport_id = issued(world)
    credential = verified(world, signed(world, passport_id))
    assert status_bit(world, credential) == 0
    withdraw(world, product, 1).expect(200)
    assert status_bit(world, credential) == 1
    other = verified(world, signed(world, issued(world)[1]))
    assert status_bit(world, other) == 0


def test_a_passport_that_is_signed_after_its_withdrawal_is_revoked_from_the_beginning(world: World) -> None:
    product, passport_id = issued(world)
    withdraw(world, product, 1).expect(200)
    assert status_bit(world, verified(world, signed(world, passport_id))) == 1


def test_places_in_a_status_list_do_not_tell_the_order_of_issue(world: World) -> None:
    entries = [
        verified(world, signed(world, issued(world)[1]))["credentialStatus"]["statusListIndex"] for _ in range(5)
    ]
    assert len(set(entries)) == 5
    assert max(entries) - min(entries) > 1_000, "five at random among 131,072 are so near in one of 10^8 runs"


def test_each_set_of_roles_has_a_signature_of_what_it_sees(world: World) -> None:
    _, passport_id = issued(world, attributes={"cells": 96}, access={"attributes.cells": ["authority"]})
    public = verified(world, signed(world, passport_id))
    own = verified(world, signed(world, passport_id, bearer=world.owner.access))
    assert "cells" not in public["credentialSubject"].get("characteristics", {})
    assert public["withheld"] == ["attributes.cells"]
    assert own["credentialSubject"]["characteristics"]["cells"] == 96
    assert public["credentialStatus"] == own["credentialStatus"]


def test_who_issues_no_passports_has_no_did_document(world: World) -> None:
    for slug in ("nobody-has-this", "x" * 60, "A"):
        world.api.get(f"//{slug}/did.json").expect(404, "not_found")
        world.api.get(f"//{slug}/status/1").expect(404, "not_found")
    for path in ("did.json", "status/1"):
        # A link without an account, which is malformed.
        world.api.get(f"//01/{path}").expect(400, "invalid_request")
    slug = world.api.get("/account", bearer=world.owner.access).data()["slug"]
    for number in ("0", "99999", "x", "9" * 30):
        world.api.get(f"//{slug}/status/{number}").expect(404, "not_found")


def test_a_signature_stays_valid_when_the_account_changes_its_slug(world: World) -> None:
    _, passport_id = issued(world)
    before = signed(world, passport_id)
    former = world.api.get("/account", bearer=world.owner.access).data()["slug"]
    changed = {"slug": f"changed-{uuid4().hex[:8]}"}
    world.api.patch("/account", bearer=world.owner.access, json=changed).expect(200)
    try:
        credential = verified(world, before)
        assert credential["issuer"]["id"].endswith(f":{former}")
        assert status_bit(world, credential) == 0
        assert verified(world, signed(world, passport_id))["issuer"]["id"].endswith(changed["slug"])
    finally:
        world.api.patch("/account", bearer=world.owner.access, json={"slug": former}).expect(200)
