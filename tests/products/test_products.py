"""Products are created, read, changed and deleted, with their audit events."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import uuid4

import pytest
import rfc8785

from harness.answers import JsonObject
from harness.clients import get_token
from harness.world import World
from linkxg.ids import is_uuid
from products.catalogue import (
    PRODUCTS,
    body,
    change,
    content_with,
    create,
    delete,
    new_gtin,
    new_sku,
    path,
    post,
    published,
    read,
)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MEMBERS = ["id", "sku", "gtin", "gtinFormat", "digitalLink", "status", "category", "latestVersion", "draftVersion",
           "revision", "createdAt", "updatedAt", "version", "versionStatus", "contentHash", "content"]  # fmt: skip


def test_a_product_is_created_and_read_back(world: World) -> None:
    given = body(
        gtin=new_gtin(),
        description="A2, DIN 933\nwith\ttabs",
        brand="Ačme",
        category={"code": "10003386", "name": "Fasteners"},
        attributes={"length": 30, "ratio": 0.1, "list": [1, None, {"a": True}], "": "", "名": "螺栓"},
    )
    answer = post(world, given).expect(201)
    made = answer.data()
    assert list(made) == MEMBERS
    gtin = given["gtin"].rjust(14, "0")
    assert made["content"] == given["content"]
    assert (made["sku"], made["gtin"], made["gtinFormat"]) == (given["sku"], gtin, "GTIN_13")
    assert made["digitalLink"] == f"https://id.gs1.org/01/{gtin}"
    assert (made["status"], made["category"], made["revision"]) == ("DRAFT", "10003386", 1)
    assert (made["latestVersion"], made["draftVersion"]) == (None, 1)
    assert (made["version"], made["versionStatus"]) == (1, "DRAFT")
    assert made["contentHash"] == f"sha-256:{hashlib.sha256(rfc8785.dumps(given['content'])).hexdigest()}"
    assert is_uuid(made["id"])
    assert made["id"][14] == "7"
    assert TIME.fullmatch(made["createdAt"])
    assert made["updatedAt"] == made["createdAt"]
    assert answer.header("location") == f"{world.server.url}/api/v1{path(made)}"
    assert answer.header("etag") == '"p-1"'
    found = read(world, made).expect(200)
    assert found.data() == made
    assert found.header("etag") == '"p-1"'
    assert found.header("cache-control") == "private, no-cache"


def test_omitted_and_null_members_are_absent(world: World) -> None:
    made = create(world)
    assert [made[name] for name in ("gtin", "gtinFormat", "digitalLink", "category")] == [None] * 4
    assert made["content"] == {"name": "Hex bolt"}
    nothing = dict.fromkeys(("description", "brand", "category", "attributes", "materials", "access"))
    assert create(world, gtin=None, **nothing)["content"] == {"name": "Hex bolt"}


@pytest.mark.parametrize("length", [8, 12, 13, 14])
def test_a_gtin_comes_back_with_14_digits_and_its_format(world: World, length: int) -> None:
    gtin = new_gtin(length)
    made = create(world, gtin=gtin)
    assert (made["gtin"], made["gtinFormat"]) == (gtin.rjust(14, "0"), f"GTIN_{length}")
    assert read(world, made).data() == made
    post(world, body(gtin=gtin)).expect(409, "duplicate_gtin")
    post(world, body(gtin=gtin.rjust(14, "0"))).expect(409, "duplicate_gtin")


def test_a_sku_is_unique_and_case_sensitive(world: World) -> None:
    made = create(world, sku=new_sku().lower(), gtin=new_gtin())
    post(world, body(sku=made["sku"])).expect(409, "duplicate_sku")
    post(world, body(sku=made["sku"], gtin=made["gtin"])).expect(409, "duplicate_sku")
    create(world, sku=made["sku"].upper())


def test_another_account_may_have_the_same_identifiers(world: World) -> None:
    made = create(world, gtin=new_gtin())
    same = body(sku=made["sku"], gtin=made["gtin"])
    other = world.api.post(PRODUCTS, bearer=world.other_owner.access, json=same).expect(201).data()
    assert other["id"] != made["id"]
    for own, foreign in ((world.owner, other), (world.other_owner, made)):
        for method, json in (("GET", None), ("PATCH", {"content": {"name": "Stolen"}}), ("DELETE", None)):
            world.api.request(method, path(foreign), bearer=own.access, json=json).expect(404, "not_found")
        listed = world.api.get(f"{PRODUCTS}?sku={made['sku']}", bearer=own.access).expect(200).data()
        assert [product["id"] for product in listed] == [({made["id"], other["id"]} - {foreign["id"]}).pop()]


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ({"name": "Nut"}, {"name": "Nut"}),
        ({"description": None, "brand": None}, {"description": None, "brand": None}),
        ({"category": None}, {"category": None}),
        ({"category": {"name": None, "schemeId": "https://gpc.example"}},
         {"category": {"code": "c", "schemeId": "https://gpc.example"}}),
        ({"attributes": None}, {"attributes": None}),
        ({"attributes": {}}, {}),
        ({"attributes": {"a": None}}, {"attributes": {"b": {"c": 1, "d": [1, 2]}}}),
        ({"attributes": {"b": {"c": None, "d": [3], "e": {"f": None}}, "g": "h"}},
         {"attributes": {"a": 1, "b": {"d": [3], "e": {}}, "g": "h"}}),
        ({"attributes": {"b": 5}}, {"attributes": {"a": 1, "b": 5}}),
        ({"attributes": {"a": True}}, {"attributes": {"a": True, "b": {"c": 1, "d": [1, 2]}}}),
        ({"materials": [{"name": "Steel"}]}, {"materials": [{"name": "Steel"}]}),
        ({"category": {"code": "nuts", "name": None}, "name": "Nut", "attributes": {"a": "x"}},
         {"category": {"code": "nuts"}, "name": "Nut", "attributes": {"a": "x", "b": {"c": 1, "d": [1, 2]}}}),
    ],
)  # fmt: skip
def test_a_patch_is_merged(world: World, patch: JsonObject, result: JsonObject) -> None:
    made = create(
        world, gtin=new_gtin(), description="d", brand="b", category={"code": "c", "name": "C"},
        attributes={"a": 1, "b": {"c": 1, "d": [1, 2]}},
    )  # fmt: skip
    answer = change(world, made, {"content": patch}).expect(200)
    changed = answer.data()
    revision = 2 if result else 1
    assert answer.header("etag") == f'"p-{revision}"'
    content = {name: value for name, value in content_with(made, **result).items() if value is not None}
    assert changed["content"] == content
    assert (changed["revision"], changed["version"], changed["draftVersion"]) == (revision, 1, 1)
    assert changed["category"] == content.get("category", {}).get("code")
    assert (changed["contentHash"] != made["contentHash"]) == bool(result)
    assert changed["updatedAt"] >= made["updatedAt"]
    assert read(world, made).json() == answer.json()


def test_a_gtin_can_be_removed(world: World) -> None:
    made = create(world, gtin=new_gtin())
    changed = change(world, made, {"gtin": None}).expect(200).data()
    assert (changed["gtin"], changed["gtinFormat"], changed["digitalLink"]) == (None, None, None)
    assert (changed["revision"], changed["contentHash"]) == (2, made["contentHash"])


def test_a_number_replaced_by_a_boolean_is_a_change(world: World) -> None:
    made = create(world, attributes={"a": 1})
    for value, revision in ((1.0, 1), (True, 2), (1, 3)):
        changed = change(world, made, {"content": {"attributes": {"a": value}}}).expect(200).data()
        # 1.0 and 1 are one number of JSON.
        assert repr(changed["content"]["attributes"]["a"]) == repr(1 if value == 1.0 and value is not True else value)
        assert changed["revision"] == revision


def test_identifiers_can_be_changed_and_freed(world: World) -> None:
    first, second = create(world, gtin=new_gtin()), create(world, gtin=new_gtin())
    change(world, second, {"sku": first["sku"]}).expect(409, "duplicate_sku")
    change(world, second, {"gtin": first["gtin"]}).expect(409, "duplicate_gtin")
    change(world, second, {"gtin": first["gtin"].rjust(14, "0"), "content": {"name": "Kept out"}}).expect(
        409, "duplicate_gtin"
    )
    assert read(world, second).data() == second
    change(world, first, {"sku": new_sku(), "gtin": None}).expect(200)
    taken = change(world, second, {"sku": first["sku"], "gtin": first["gtin"]}).expect(200).data()
    assert (taken["sku"], taken["gtin"]) == (first["sku"], first["gtin"])
    longer = change(world, second, {"gtin": first["gtin"].rjust(14, "0")}).expect(200).data()
    assert (longer["gtin"], longer["gtinFormat"]) == (first["gtin"].rjust(14, "0"), "GTIN_14")


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json; charset=utf-8"])
def test_a_patch_has_two_media_types(world: World, media_type: str) -> None:
    made = create(world)
    options: dict[str, Any] = {"content": b'{"content":{"brand":"B"}}', "headers": {"Content-Type": media_type}}
    assert (
        world.api.patch(path(made), bearer=world.owner.access, **options).expect(200).data()["content"]["brand"] == "B"
    )
    refused = world.api.post(PRODUCTS, bearer=world.owner.access, **options)
    if "merge" in media_type:
        refused.expect(415, "unsupported_media_type")


def test_a_deleted_product_is_gone(world: World) -> None:
    made = create(world, gtin=new_gtin())
    assert delete(world, made).expect(204).body == b""
    for answer in (read(world, made), change(world, made, {"content": {"name": "n"}}), delete(world, made)):
        answer.expect(404, "not_found")
    again = create(world, sku=made["sku"], gtin=made["gtin"])
    assert again["id"] != made["id"]


UNKNOWN = "01a20993-82cb-74b0-b7b1-457a37285630"


@pytest.mark.parametrize("identifier", ["x", "0", UNKNOWN.upper(), UNKNOWN[:-1], "%00", "%ff", "a" * 3000])
def test_a_malformed_id_is_not_found(world: World, identifier: str) -> None:
    for method, json in (("GET", None), ("PATCH", {"content": {"name": "n"}}), ("DELETE", None)):
        world.api.request(method, f"{PRODUCTS}/{identifier}", bearer=world.owner.access, json=json).expect(
            404, "not_found"
        )


def test_reading_and_writing_need_their_own_scopes(world: World) -> None:
    made = create(world)
    reader, writer = (get_token(world.api, world.oauth, f"products:{verb}") for verb in ("read", "write"))
    for method, where, json, right, wrong in (
        ("GET", PRODUCTS, None, reader, writer),
        ("GET", path(made), None, reader, writer),
        ("POST", PRODUCTS, body(), writer, reader),
        ("PATCH", path(made), {"content": {"name": "Nut"}}, writer, reader),
        ("DELETE", path(made), None, writer, reader),
    ):
        world.api.request(method, where, bearer=wrong, json=json).expect(403, "insufficient_scope")
        assert world.api.request(method, where, bearer=right, json=json).status < 300
        world.api.request(method, where, json=json).expect(401, "invalid_token")


def test_the_audit_trail_holds_changes_and_nothing_else(world: World) -> None:
    made = create(world)
    change(world, made, {"content": made["content"]}).expect(200)
    post(world, body(sku=made["sku"])).expect(409, "duplicate_sku")
    change(world, made, {"sku": made["sku"] + "x", "content": {"name": "Nut", "brand": "B"}}).expect(200)
    delete(world, made, headers={"If-Match": '"p-1"'}).expect(412, "precondition_failed")
    delete(world, made).expect(204)
    events = world.api.get("/account/audit-events?limit=200", bearer=world.owner.access).expect(200).data()
    mine = [event for event in reversed(events) if event["target"] == made["id"]]
    assert [event["action"] for event in mine] == ["product.created", "product.updated", "product.deleted"]
    assert mine[1]["details"] == {"sku": made["sku"], "fields": ["sku", "content.name", "content.brand"], "revision": 2}
    assert {event["actorId"] for event in mine} == {world.account.owner.user_id}


def test_a_repeated_request_gets_the_same_answer(world: World) -> None:
    given, key = body(gtin=new_gtin()), {"Idempotency-Key": str(uuid4())}
    first = post(world, given, headers=key).expect(201)
    change(world, first.data(), {"content": {"name": "Changed since"}}).expect(200)
    again = post(world, dict(reversed(given.items())), headers=key).expect(201)
    assert again.json() == first.json()
    for name in ("location", "etag"):
        assert again.header(name) == first.header(name)
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    post(world, given | {"sku": new_sku()}, headers=key).expect(422, "idempotency_key_reused")
    post(world, given).expect(409, "duplicate_sku")
    token = world.token("products:write")
    world.api.post(PRODUCTS, bearer=token, json=given, headers=key).expect(422, "idempotency_key_reused")
    other = world.api.post(PRODUCTS, bearer=world.other_owner.access, json=given, headers=key).expect(201)
    assert other.header("idempotent-replayed") is None


def test_a_caller_who_may_only_write_reads_no_product(world: World) -> None:
    """The SKU is guessed: neither a refused creation nor a change that changes nothing shows the product."""
    product, token = published(world, description="Secret"), world.token("products:write")
    duplicate = world.api.post(PRODUCTS, bearer=token, json=body(sku=product["sku"])).expect(409, "duplicate_sku")
    assert "Secret" not in str(duplicate.json())
    shown = world.api.patch(path(product), bearer=token, json={}).expect(200)
    changed = world.api.patch(path(product), bearer=token, json={"content": {"brand": "Other"}}).expect(200)
    again = world.api.post(f"{path(product)}/publish", bearer=token).expect(200)
    dropped = world.api.patch(path(product), bearer=token, json={"content": {"brand": "Third"}}).expect(200)
    discarded = world.api.delete(f"{path(product)}/draft", bearer=token).expect(200)
    withdraw_body = {"reason": "Wrong"}
    withdrawn = world.api.post(f"{path(product)}/versions/1/withdraw", bearer=token, json=withdraw_body).expect(200)
    for answer in (shown, changed, again, dropped, discarded, withdrawn):
        assert not {"content", "gtin", "contentHash", "category"} & answer.data().keys(), answer
    assert (shown.data()["id"], changed.data()["revision"]) == (product["id"], product["revision"] + 1)
    read(world, product).expect(200)


def test_a_rejected_request_does_not_consume_its_key(world: World) -> None:
    taken, key = create(world), {"Idempotency-Key": str(uuid4())}
    post(world, body(sku=taken["sku"]), headers=key).expect(409, "duplicate_sku")
    post(world, body(), headers=key).expect(201)


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb"])
def test_a_malformed_key_is_refused(world: World, key: str) -> None:
    post(world, body(), headers=[("Idempotency-Key", key)]).expect(400, "invalid_request")
