"""Data carriers lead to passports as GS1's test suite for resolvers wants it (GS1-Conformant Resolver 1.2)."""

from __future__ import annotations

import json
from urllib.parse import quote

import jsonschema_rs
import pytest

from epcis.vectors import FOLDER
from harness.people import sign_in
from harness.world import World
from passports.reading import issued, passport_of, read_by_id
from passports.scanning import GS1, link_of, linkset, scan, slug_of, target
from passports.units import end, issue
from products.catalogue import change, complete, new_gtin, publish, withdraw

VECTORS = FOLDER / "gs1"


def test_a_link_redirects_to_the_passport(world: World) -> None:
    product, passport_id = issued(world)
    answer = scan(world, link_of(world, product)).expect(307)
    assert answer.header("location") == target(world, passport_id)
    assert 'rel="linkset"' in (answer.header("link") or "")
    assert answer.header("access-control-allow-origin") == "*"
    assert scan(world, link_of(world, product), method="HEAD").expect(307).header("location") == answer.header(
        "location"
    )
    assert scan(world, link_of(world, product, "/")).expect(307).header("location") == answer.header("location")


def test_the_query_is_passed_on_and_the_target_takes_it(world: World) -> None:
    product, passport_id = issued(world)
    location = scan(world, link_of(world, product, "?foo=bar&linkType=gs1:dpp&17=261128")).header("location")
    assert location == f"{target(world, passport_id)}?foo=bar&17=261128"
    read_by_id(world, passport_id, "?foo=bar&17=261128").expect(200)


def test_an_item_leads_to_its_own_passport_and_an_unknown_one_to_what_it_belongs_to(world: World) -> None:
    product, model = issued(world)
    lot, item, alone = issue(
        world, product, {"lot": "A/B"}, {"lot": "A/B", "serial": "1"}, {"serial": "2"}
    ).data()  # fmt: skip
    for rest, expected in (
        ("/10/A%2FB", lot["id"]), ("/10/A%2fB", lot["id"]), ("/10/A%2FB/21/1", item["id"]), ("/21/2", alone["id"]),
        ("/10/KL8G", model), ("/10/A%2FB/21/9", lot["id"]), ("/22/V2", model), ("/22/V2/10/A%2FB", lot["id"]),
        ("/10/other/21/2", alone["id"]), ("/21/9", model), ("/22/V2/10/A%2FB/21/1", item["id"]), ("/235/T", model),
        ("/10/other/21/1", model),
    ):  # fmt: skip
        answer = scan(world, link_of(world, product, rest)).expect(307)
        assert answer.header("location") == target(world, expected), rest


def test_a_serial_without_its_lot_leads_to_the_item_if_there_is_only_one(world: World) -> None:
    """GTIN and serial identify an item, whatever else the passport says of it."""
    product, model = issued(world)
    first, _, _ = issue(
        world, product, {"lot": "A", "serial": "1"}, {"lot": "A", "serial": "2"}, {"lot": "B", "serial": "2"}
    ).data()
    assert scan(world, link_of(world, product, "/21/1")).header("location") == target(world, first["id"])
    assert scan(world, link_of(world, product, "/21/2")).header("location") == target(world, model)
    found = linkset(world, link_of(world, product, "/21/1"))
    hrefs = [level[f"{GS1}defaultLink"][0]["href"] for level in found]
    assert hrefs == [target(world, first["id"]), target(world, model)]


def test_each_level_of_an_item_has_the_links_of_its_own_passport(world: World) -> None:
    product, model = issued(world)
    lot, item = issue(world, product, {"lot": "L1"}, {"lot": "L1", "serial": "7"}).data()
    found = linkset(world, link_of(world, product, "/22/V2/10/L1/21/7"))
    hrefs = [level[f"{GS1}defaultLink"][0]["href"] for level in found]
    assert hrefs == [target(world, one) for one in (item["id"], lot["id"], model, model)]


@pytest.mark.parametrize(
    "rest",
    ["/foo", "/10", "/21/1/10/A", "/lot/A", "/99/A", "/10/%FF", "/10/%", "/10/a b%20", "/235/A/10/B", "/21/1/21/1",
     "?17=26112", "?17=", "?10=A&10=A", "/10/A?10=A", "?99=A+B"],
)  # fmt: skip
def test_a_malformed_link_is_400(world: World, rest: str) -> None:
    product, _ = issued(world)
    answer = scan(world, link_of(world, product, rest.replace(" ", "%20"))).expect(400, "invalid_request")
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("location") is None


@pytest.mark.parametrize("ai", ["414", "417"])
def test_the_gln_of_the_account_leads_to_its_did_document(world: World, ai: str) -> None:
    issued(world)
    gln = new_gtin()
    world.api.patch("/account", bearer=world.owner.access, json={"gln": gln}).expect(200)
    document = f"{world.server.url}/{slug_of(world)}/did.json"
    rest = "/7040/1ABC" if ai == "417" else "/254/KL8G"
    for path in (f"/{slug_of(world)}/{ai}/{gln}", f"/{slug_of(world)}/{ai}/{gln}{rest}"):
        assert scan(world, path).expect(307).header("location") == document
        found = linkset(world, path)
        assert found[0]["anchor"] == world.server.url + path
        assert found[0]["describedby"][0]["href"] == document
    scan(world, document.removeprefix(world.server.url)).expect(200)
    scan(world, f"/{slug_of(world)}/{ai}/{gln}/10/A").expect(400, "invalid_request")
    scan(world, f"/{slug_of(world)}/{ai}/{new_gtin()}").expect(404, "not_found")


def test_the_gln_of_an_account_without_passports_is_not_confirmed(world: World) -> None:
    """Security rule 247."""
    other = world.server.bootstrap("Without passports", another=True)
    access = sign_in(world.api, other.owner).access
    gln = new_gtin()
    slug = world.api.patch("/account", bearer=access, json={"gln": gln}).expect(200).data()["slug"]
    scan(world, f"/{slug}/417/{gln}").expect(404, "not_found")


def test_links_of_other_keys_are_refused_by_name(world: World) -> None:
    issued(world)
    for path in ("00/006141411234567890", "8004/9520614141234567", "8003/04965031954585", "253/3060077601309"):
        answer = scan(world, f"/{slug_of(world)}/{path}").expect(404, "not_found")
        assert f"({path.partition('/')[0]})" in answer.object()["error_description"]
        assert answer.header("access-control-allow-origin") == "*"
    scan(world, f"/{slug_of(world)}/00/006141411234567891").expect(400, "invalid_request")
    scan(world, f"/{slug_of(world)}/88/1").expect(404, "not_found")


def test_short_gtins_and_wrong_check_digits_are_400_and_unknown_ones_404(world: World) -> None:
    product, _ = issued(world)
    slug = slug_of(world)
    scan(world, f"/{slug}/01/{product['gtin'].lstrip('0')}").expect(400, "invalid_request")
    scan(world, f"/{slug}/01/09506000134353").expect(400, "invalid_request")
    scan(world, f"/{slug}/01/09506000134352").expect(404, "not_found")
    scan(world, f"/nobody-at-all/01/{product['gtin']}").expect(404, "not_found")


def test_a_link_of_another_account_leads_nowhere(world: World) -> None:
    """A GTIN is resolved within the account that the link names. Security rule 247."""
    product, _ = issued(world)
    theirs = world.api.get("/account", bearer=world.other_owner.access).expect(200).data()["slug"]
    scan(world, f"/{theirs}/01/{product['gtin']}").expect(404, "not_found")


def test_the_linkset_has_every_level_and_is_valid(world: World) -> None:
    product, _ = issued(world)
    issue(world, product, {"lot": "L1"}).expect(201)
    path = link_of(world, product, "/10/L1/21/7")
    found = linkset(world, path)
    base = world.server.url + link_of(world, product)
    assert [one["anchor"] for one in found] == [f"{base}/10/L1/21/7", f"{base}/10/L1", base]
    for one in found:
        (default,) = one[f"{GS1}defaultLink"]
        assert default.keys() == {"href", "title"}
    assert scan(world, path).header("location") == found[0][f"{GS1}defaultLink"][0]["href"]
    assert linkset(world, link_of(world, product)) == found[2:]
    assert scan(world, path, accept="application/linkset+json").expect(200).object()["linkset"] == found
    scan(world, f"{path}?linkType=all").expect(200)
    schema = VECTORS / "gs1-linkset-schema-2025-03.json"
    if schema.exists():
        jsonschema_rs.validate(json.loads(schema.read_text()), {"linkset": found})


def test_each_link_type_redirects_to_its_link_and_others_are_404(world: World) -> None:
    product, _ = issued(world)
    change(world, product, {"content": {"brand": "Other"}}).expect(200)
    publish(world, product).expect(200)
    path = link_of(world, product)
    (found,) = linkset(world, path)
    types = found.keys() - {"anchor", "itemDescription"}
    assert "predecessor-version" in types
    for one in types:
        assert scan(world, f"{path}?linkType={one}").expect(307).header("location") == found[one][0]["href"]
    for one in ("gs1:dpp", "https://gs1.org/voc/dpp", "https%3A%2F%2Fref.gs1.org%2Fvoc%2Fdpp"):
        scan(world, f"{path}?linkType={one}").expect(307)
    answer = scan(world, f"{path}?linkType=gs1:nosuchlt").expect(404, "not_found")
    assert answer.header("access-control-allow-origin") == "*"


def test_every_target_takes_the_query_and_is_read_by_other_origins(world: World) -> None:
    """As `OPTIONS` promises them (security rule 247)."""
    product, passport_id = issued(world)
    gln = new_gtin()
    world.api.patch("/account", bearer=world.owner.access, json={"gln": gln}).expect(200)
    changed = change(world, product, {"gtin": complete()["gtin"], "content": {"brand": "Other"}}).expect(200).data()
    publish(world, product).expect(200)
    change(world, product, {"content": {"brand": "Third"}}).expect(200)
    publish(world, product).expect(200)
    targets = {f"{world.server.url}/dpp/{passport_id}/qr", f"{world.server.url}/.well-known/resolver"}
    for path in (link_of(world, product), link_of(world, changed), f"/{slug_of(world)}/417/{gln}"):
        for level in linkset(world, path):
            for relation in level.keys() - {"anchor", "itemDescription"}:
                answer = scan(world, f"{path}?linkType={relation}&foo=bar").expect(307)
                targets.add(answer.header("location") or "")
    assert len(targets) > 6
    targets.add(f"{world.server.url}/v1/dpps/{quote(target(world, passport_id), safe='')}")
    for address in targets:
        where = address.removeprefix(world.server.url)
        for method, status in (("GET", 200), ("HEAD", 200), ("OPTIONS", 204)):
            assert scan(world, where, method=method).expect(status).header("access-control-allow-origin") == "*", where


def test_a_withdrawn_passport_is_410_and_names_where_it_stays(world: World) -> None:
    product, passport_id = issued(world)
    withdraw(world, product, 1).expect(200)
    answer = scan(world, link_of(world, product)).expect(410, "gone")
    assert target(world, passport_id) in (answer.header("link") or "")
    assert answer.header("access-control-allow-origin") == "*"
    assert len(linkset(world, link_of(world, product))) == 1


def test_only_the_withdrawn_item_is_410(world: World) -> None:
    product, _ = issued(world)
    first, _second = issue(world, product, {"serial": "1"}, {"serial": "2"}).data()
    end(world, first["id"], "withdraw", {"reason": "Never made."}).expect(200)
    scan(world, link_of(world, product, "/21/1")).expect(410, "gone")
    scan(world, link_of(world, product, "/21/2")).expect(307)


def test_printed_links_stay_valid_when_the_gtin_or_the_slug_changes(world: World) -> None:
    product, former = issued(world)
    printed, before = link_of(world, product), slug_of(world)
    changed = change(world, product, {"gtin": complete()["gtin"], "content": {"brand": "Other"}}).expect(200).data()
    publish(world, product).expect(200)
    world.api.patch("/account", bearer=world.owner.access, json={"slug": "renamed-once"}).expect(200)
    try:
        assert scan(world, printed).expect(307).header("location") == target(world, former)
        assert changed["gtin"] != product["gtin"]
        (found,) = linkset(world, printed)
        assert found["latest-version"][0]["href"] in json.dumps(linkset(world, link_of(world, changed)))
    finally:
        world.api.patch("/account", bearer=world.owner.access, json={"slug": before}).expect(200)


@pytest.mark.parametrize("rest", ["", "/10/KL8G", "/foo"])
def test_options_is_answered_for_other_origins(world: World, rest: str) -> None:
    product, passport_id = issued(world)
    answer = scan(world, link_of(world, product, rest), method="OPTIONS").expect(204)
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-allow-methods") == "GET, HEAD, OPTIONS"
    assert 'rel="linkset"' in (answer.header("link") or "")
    for path in (f"/dpp/{passport_id}", f"/{slug_of(world)}/did.json", "/.well-known/gs1resolver"):
        assert scan(world, path, method="OPTIONS").expect(204).header("allow") == "GET, HEAD, OPTIONS"
    scan(world, f"/products/01/{product['gtin']}", method="OPTIONS").expect(404, "not_found")


@pytest.mark.parametrize("name", ["gs1resolver", "resolver"])
def test_the_resolver_describes_itself(world: World, name: str) -> None:
    answer = scan(world, f"/.well-known/{name}").expect(200)
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.object()["resolverRoot"] == world.server.url
    assert answer.object()["supportedPrimaryKeys"] == ["01", "414", "417"]
    schema = VECTORS / "resolver-description-file-schema-1.2.0.json"
    if schema.exists():
        jsonschema_rs.validate(json.loads(schema.read_text()), answer.object())


def test_what_is_not_public_is_not_in_the_linkset(world: World) -> None:
    """The name is left out with everything else (security rule 240)."""
    product, _ = issued(world, name="Secret name", access={"name": ["authority"]})
    answer = scan(world, link_of(world, product, "?linkType=linkset")).expect(200)
    assert b"Secret name" not in answer.body
    assert passport_of(world, product) in answer.body.decode()
