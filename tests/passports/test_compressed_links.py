"""A compressed link is answered as the link for which it stands (GS1-Conformant Resolver 1.2: decompression)."""

from __future__ import annotations

import httpx

from harness.answers import JsonObject
from harness.world import World
from identifiers.compression import compressed
from passports.reading import issued
from passports.scanning import GS1, link_of, scan, slug_of, target
from passports.units import issue


def gtin_of(product: JsonObject) -> tuple[str, str]:
    return "01", product["gtin"]


def test_a_compressed_link_leads_to_its_item(world: World) -> None:
    product, model = issued(world)
    lot, item = issue(world, product, {"lot": "A/B"}, {"lot": "A/B", "serial": "0001"}).data()
    gtin, in_lot, serial = gtin_of(product), ("10", "A/B"), ("21", "0001")
    for elements, rest, expected in (
        ([gtin], "", model),
        ([gtin, in_lot], "/10/A%2FB", lot["id"]),
        ([in_lot, serial, gtin], "/10/A%2FB/21/0001", item["id"]),
        ([gtin, ("10", "KL8G")], "/10/KL8G", model),
    ):
        answer = scan(world, f"/{slug_of(world)}/{compressed(*elements)}").expect(307)
        assert answer.header("location") == target(world, expected)
        links = answer.header("link") or ""
        full = world.server.url + link_of(world, product, rest)
        assert f'<{full}>; rel="owl:sameAs"' in links
        assert f'<{full}?linkType=linkset>; rel="linkset"' in links


def test_the_key_may_stand_before_what_is_compressed(world: World) -> None:
    product, _ = issued(world)
    lot, item = issue(world, product, {"lot": "L1"}, {"lot": "L1", "serial": "7"}).data()
    for rest, expected in (
        (compressed(("10", "L1")), lot["id"]),
        (compressed(("10", "L1"), ("21", "7")), item["id"]),
        (f"10/L1/{compressed(('21', '7'))}", item["id"]),
    ):
        answer = scan(world, link_of(world, product, f"/{rest}")).expect(307)
        assert answer.header("location") == target(world, expected)
        assert 'rel="owl:sameAs"' in (answer.header("link") or "")


def test_attributes_and_parameters_in_a_compressed_link_are_passed_on(world: World) -> None:
    product, model = issued(world)
    text = compressed(gtin_of(product), ("17", "261128"), ("foo", "a&b"))
    answer = scan(world, f"/{slug_of(world)}/{text}?bar=1").expect(307)
    assert answer.header("location") == f"{target(world, model)}?17=261128&foo=a%26b&bar=1"
    assert f'{link_of(world, product)}?17=261128&foo=a%26b>; rel="owl:sameAs"' in (answer.header("link") or "")


def test_the_linkset_of_a_compressed_link_is_that_of_its_link(world: World) -> None:
    product, _ = issued(world)
    issue(world, product, {"lot": "A1"}).expect(201)
    path = f"/{slug_of(world)}/{compressed(gtin_of(product), ('10', 'A1'))}?linkType=linkset"
    answer = scan(world, path).expect(200)
    found = answer.object()["linkset"]
    full = scan(world, link_of(world, product, "/10/A1?linkType=linkset")).object()["linkset"]
    assert found == full
    assert found[0][f"{GS1}defaultLink"]
    assert 'rel="owl:sameAs"' in (answer.header("link") or "")


def test_malformed_compressed_links_are_400_and_what_is_below_no_account_is_404(world: World) -> None:
    product, _ = issued(world)
    slug, text = slug_of(world), compressed(gtin_of(product))
    gtin = gtin_of(product)[1]
    wrong = compressed(("01", gtin[:-1] + str((int(gtin[-1]) + 1) % 10)))
    for path in (
        f"/{slug}/{text[:-2]}",
        f"/{slug}/{wrong}",
        f"/{slug}/4AAAAAAAAAAA",
        f"/{slug}/{compressed(('10', 'A1'))}",
    ):
        scan(world, path).expect(400, "invalid_request")
    for path in (f"/{slug}%2F{text}", f"/{slug}//{text}", f"/{slug}/{text}//"):
        assert scan(world, path).status in (400, 404), path
    scan(world, f"/nobody-at-all/{text}").expect(404, "not_found")
    scan(world, "/nobody-at-all/4AAAAAAAAAAA").expect(404, "not_found")
    scan(world, f"/{slug}/{compressed(('01', '09506000134352'))}").expect(404, "not_found")


def test_options_and_head_are_answered_for_compressed_links(world: World) -> None:
    product, model = issued(world)
    path = f"/{slug_of(world)}/{compressed(gtin_of(product))}"
    answer = scan(world, path, method="OPTIONS").expect(204)
    assert answer.header("access-control-allow-methods") == "GET, HEAD, OPTIONS"
    assert 'rel="linkset"' in (answer.header("link") or "")
    assert scan(world, path, method="HEAD").expect(307).header("location") == target(world, model)


def test_a_browser_that_is_lost_gets_a_page(world: World) -> None:
    answer = httpx.get(f"{world.server.url}/nobody-at-all/here", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
