"""Publishing a version of a product issues or updates its passport, which stays readable."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
import rfc8785

from harness.world import World
from passports.reading import issued, passport_of, passports_of, read_by_id
from passports.units import issue
from products.catalogue import change, complete, create, delete, publish, withdraw


def test_a_published_product_has_a_passport_that_everybody_reads_by_its_id(world: World) -> None:
    product, passport_id = issued(world)
    shown = read_by_id(world, passport_id).expect(200).data()
    assert shown["digitalProductPassportId"] == f"{world.server.url}/dpp/{passport_id}"
    assert shown["uniqueProductIdentifier"] == f"https://id.gs1.org/01/{product['gtin']}"
    assert shown["granularity"] == "model"
    assert shown["dppSchemaVersion"] == "EN 18223:2026"
    assert shown["dppStatus"] == "active"
    assert shown["version"] == 1
    assert shown["facilityId"] == "https://id.gs1.org/414/4012345000009"
    assert shown["content"]["name"] == product["content"]["name"]
    assert shown["withheld"] == []
    assert shown["roles"] == ["public"]
    assert world.api.get(f"/dpp/{passport_id}").expect(200).data() == shown


def test_a_product_that_is_not_published_has_no_passport(world: World) -> None:
    product = create(world, **complete())
    assert passports_of(world, product) == []


def test_a_version_that_is_published_without_a_passport_leaves_the_former_one(world: World) -> None:
    product = create(world, **complete(brand="First"))
    path, without = f"/products/{product['id']}/publish", {"dpp": {"enabled": False}}
    assert world.api.post(path, bearer=world.owner.access, json=without).expect(200).data()["dpp"] is None
    assert passports_of(world, product) == []
    change(world, product, {"content": {"brand": "Second"}}).expect(200)
    publish(world, product).expect(200)
    change(world, product, {"content": {"brand": "Third"}}).expect(200)
    world.api.post(path, bearer=world.owner.access, json=without).expect(200)
    shown = read_by_id(world, passport_of(world, product)).expect(200).data()
    assert (shown["version"], shown["content"]["brand"]) == (1, "Second")


def test_each_publication_is_a_version_that_stays_readable(world: World) -> None:
    product, passport_id = issued(world, brand="First")
    before = read_by_id(world, passport_id).data()
    change(world, product, {"content": {"brand": "Second"}}).expect(200)
    publish(world, product).expect(200)
    newest = read_by_id(world, passport_id).expect(200).data()
    assert (newest["version"], newest["content"]["brand"], newest["dppStatus"]) == (2, "Second", "active")
    older = read_by_id(world, passport_id, "?version=1").expect(200).data()
    assert older == before | {"dppStatus": "archived"}
    assert read_by_id(world, passport_id, f"?asOf={before['lastUpdated']}").expect(200).data() == older
    read_by_id(world, passport_id, "?asOf=2020-01-01T00:00:00Z").expect(404, "not_found")
    read_by_id(world, passport_id, "?version=3").expect(404, "not_found")
    read_by_id(world, passport_id, "?version=1&asOf=2020-01-01T00:00:00Z").expect(400, "invalid_request")
    versions = world.api.get(f"//dpp/{passport_id}/versions").expect(200).object()["data"]
    assert [(one["version"], one["dppStatus"]) for one in versions] == [(2, "active"), (1, "archived")]


def test_a_withdrawn_version_says_so_and_stays(world: World) -> None:
    product, passport_id = issued(world)
    withdraw(world, product, 1, reason="The mass was wrong.").expect(200)
    shown = read_by_id(world, passport_id).expect(200).data()
    assert shown["dppStatus"] == "invalid"
    assert shown["withdrawn"]["reason"] == "The mass was wrong."
    assert shown["content"]["name"] == "Hex bolt"


def test_the_passport_of_an_archived_product_is_inactive(world: World) -> None:
    product, passport_id = issued(world)
    delete(world, product).expect(204)
    assert read_by_id(world, passport_id).expect(200).data()["dppStatus"] == "inactive"


def test_a_product_with_another_gtin_gets_another_passport_to_which_the_former_refers(world: World) -> None:
    """Printed links stay valid: whoever scans the former GTIN finds the passport of the present one."""
    product, former = issued(world)
    change(world, product, {"gtin": complete()["gtin"], "content": {"brand": "Other"}}).expect(200)
    publish(world, product).expect(200)
    latest = next(
        one["digitalProductPassportId"] for one in passports_of(world, product) if one["dppStatus"] == "active"
    )
    shown = read_by_id(world, former).expect(200).data()
    assert (shown["dppStatus"], shown["successor"]) == ("inactive", latest)
    assert shown["uniqueProductIdentifier"].endswith(product["gtin"])


def test_a_product_that_takes_over_a_gtin_continues_its_passport(world: World) -> None:
    """The GTIN identifies the passport, whichever record of the account describes the product."""
    product, passport_id = issued(world, brand="First")
    delete(world, product).expect(204)
    successor = create(world, **complete(gtin=product["gtin"], brand="Second"))
    publish(world, successor).expect(200)
    assert passport_of(world, successor) == passport_id
    shown = read_by_id(world, passport_id).expect(200).data()
    assert (shown["version"], shown["content"]["brand"], shown["dppStatus"]) == (2, "Second", "active")


def test_the_hash_covers_what_is_shown(world: World) -> None:
    """Otherwise it would confirm guesses at what is withheld. Security rule 244."""
    _, passport_id = issued(world, brand="Guess", access={"brand": "authority"})
    for bearer in (None, world.owner.access):
        shown = read_by_id(world, passport_id, bearer=bearer).expect(200).data()
        digest = hashlib.sha256(rfc8785.dumps(shown["content"])).hexdigest()
        assert shown["contentHash"] == f"sha-256:{digest}"


def test_who_does_not_know_an_id_learns_nothing(world: World) -> None:
    for unknown in (str(uuid4()), "x", "%00", "01"):
        read_by_id(world, unknown).expect(404, "not_found")


def test_a_token_needs_the_scope_although_nobody_needs_a_token(world: World) -> None:
    _, passport_id = issued(world)
    answer = read_by_id(world, passport_id, bearer=world.token("products:read"))
    answer.expect(403, "insufficient_scope")
    read_by_id(world, passport_id, bearer="x").expect(401, "invalid_token")
    world.api.get("/dpp").expect(401, "invalid_token")
    assert read_by_id(world, passport_id, bearer=world.token("dpp:read")).expect(200).data()["roles"] == [
        "authority", "legitimateInterest", "owner", "public",
    ]  # fmt: skip


def test_the_list_has_the_passports_of_the_account_alone(world: World) -> None:
    product, _ = issued(world)
    other = world.api.get(f"/dpp?productId={product['id']}", bearer=world.other_owner.access).expect(200).object()
    assert other["data"] == []
    by_gtin = world.api.get(f"/dpp?gtin={product['gtin']}", bearer=world.owner.access).expect(200).object()
    assert len(by_gtin["data"]) == 1
    world.api.get("/dpp?gtin=123", bearer=world.owner.access).expect(400, "invalid_request")


@pytest.mark.parametrize("by", ["gtin", "productId"])
def test_the_pages_of_a_list_have_each_passport_once(world: World, by: str) -> None:
    """Of a product whose GTIN has changed, also those under the former one."""
    product, _ = issued(world)
    units = [{"lot": "A"}, {"lot": "A", "serial": "1"}, {"lot": "B"}, {"serial": "2"}]
    issue(world, product, *units).expect(201)
    expected = 5
    if by == "productId":
        change(world, product, {"gtin": complete()["gtin"], "content": {"brand": "Other"}}).expect(200)
        publish(world, product).expect(200)
        expected += 1
    found, path = list[str](), f"/dpp?{by}={product['gtin' if by == 'gtin' else 'id']}&limit=2"
    cursor = ""
    while True:
        page = world.api.get(f"{path}{cursor}", bearer=world.owner.access).expect(200).object()
        found += [one["uniqueProductIdentifier"] for one in page["data"]]
        if not (following := page["pagination"]["nextCursor"]):
            break
        cursor = f"&cursor={following}"
    assert len(found) == len(set(found)) == expected


def test_a_reader_that_has_the_passport_gets_304(world: World) -> None:
    _, passport_id = issued(world)
    etag = read_by_id(world, passport_id).header("etag") or ""
    known = world.api.get(f"//dpp/{passport_id}", headers={"If-None-Match": etag})
    assert known.status == 304


def test_a_representation_that_there_is_not_is_406(world: World) -> None:
    _, passport_id = issued(world)
    read_by_id(world, passport_id, accept="application/xml").expect(406, "not_acceptable")


def test_the_models_of_a_product_are_found_by_it_under_every_gtin(world: World) -> None:
    """The first has the product's id, and no index entry of its own."""
    product, first = issued(world)
    assert first == product["id"]
    ids = [first]
    for _ in range(2):
        other = {"gtin": complete()["gtin"], "content": {"brand": f"Brand {len(ids)}"}}
        change(world, product, other).expect(200)
        published = publish(world, product).expect(200).data()
        ids.append(published["dpp"]["id"])
    assert len(set(ids)) == 3
    listed = [one["digitalProductPassportId"].rpartition("/")[2] for one in passports_of(world, product)]
    assert sorted(listed) == sorted(ids)
    for former in ids[:2]:
        assert read_by_id(world, former).data()["successor"].endswith(ids[2])


def test_a_product_whose_first_version_has_no_passport_gets_one_later(world: World) -> None:
    product = create(world, **complete())
    first = publish(world, product, json={"dpp": {"enabled": False}}).expect(200).data()
    assert first["dpp"] is None
    change(world, product, {"content": {"brand": "Other"}}).expect(200)
    second = publish(world, product).expect(200).data()
    assert second["dpp"]["version"] == 1
    assert passport_of(world, product) == second["dpp"]["id"] != product["id"]
