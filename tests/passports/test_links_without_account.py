"""A link that names no account leads to no account before another: nobody has verified whose a GTIN is."""

from __future__ import annotations

import pytest

from harness.answers import Answer, JsonObject
from harness.world import World
from identifiers.compression import compressed
from passports.reading import issued
from passports.test_resolver import GS1, scan, slug_of, target
from passports.test_units import issue
from products.catalogue import PRODUCTS, body, complete


def bare(product: JsonObject, rest: str = "") -> str:
    return f"/01/{product['gtin']}{rest}"


def publish_elsewhere(world: World, gtin: str) -> str:
    """The address of the passport of another account's product with this GTIN."""
    bearer = world.other_owner.access
    product = world.api.post(PRODUCTS, bearer=bearer, json=body(**complete(gtin=gtin))).expect(201).data()
    published = world.api.post(f"{PRODUCTS}/{product['id']}/publish", bearer=bearer).expect(200).data()
    return str(published["dpp"]["digitalProductPassportId"])


def targets(answer: Answer, level: int = 0) -> list[str]:
    return [one["href"] for one in answer.object()["linkset"][level][f"{GS1}dpp"]]


def test_even_a_single_account_is_one_choice_and_no_redirect(world: World) -> None:
    """Security rule 247."""
    product, passport_id = issued(world)
    answer = scan(world, bare(product)).expect(300)
    assert answer.header("location") is None
    assert targets(answer) == [target(world, passport_id)]
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.object()["linkset"][0]["anchor"] == world.server.url + bare(product)
    scan(world, bare(product), method="HEAD").expect(300)


def test_all_accounts_with_the_gtin_are_listed_and_none_is_the_default(world: World) -> None:
    product, ours = issued(world)
    theirs = publish_elsewhere(world, product["gtin"])
    answer = scan(world, bare(product)).expect(300)
    assert sorted(targets(answer)) == sorted([target(world, ours), theirs])
    (level,) = answer.object()["linkset"]
    assert f"{GS1}defaultLink" not in level
    titles = [one["title"] for one in level[f"{GS1}dpp"]]
    assert len({title.partition(":")[0] for title in titles}) == 2
    # With an account the link is exact.
    assert scan(world, f"/{slug_of(world)}{bare(product)}").header("location") == target(world, ours)


def test_items_walk_up_in_each_account(world: World) -> None:
    product, model = issued(world)
    theirs = publish_elsewhere(world, product["gtin"])
    (item,) = issue(world, product, {"lot": "L1", "serial": "7"}).data()
    answer = scan(world, bare(product, "/10/L1/21/7")).expect(300)
    assert set(targets(answer)) == {target(world, item["id"]), theirs}
    assert set(targets(answer, 2)) == {target(world, model), theirs}


def test_the_rest_of_the_link_may_be_compressed(world: World) -> None:
    product, model = issued(world)
    (lot,) = issue(world, product, {"lot": "A1"}).data()
    answer = scan(world, bare(product, f"/{compressed(('10', 'A1'))}")).expect(300)
    assert (targets(answer), targets(answer, 1)) == ([target(world, lot["id"])], [target(world, model)])
    assert f'<{world.server.url}{bare(product, "/10/A1")}>; rel="owl:sameAs"' in (answer.header("link") or "")


def test_a_browser_gets_a_page_of_the_choices(world: World) -> None:
    product, passport_id = issued(world, name="<b>Bolt")
    headers = {"Accept": "text/html", "Accept-Language": "de"}
    answer = world.api.get(f"/{bare(product)}", headers=headers)
    page = answer.body.decode()
    assert answer.status == 300
    assert f'href="{target(world, passport_id)}"' in page
    assert "&lt;b&gt;Bolt" in page
    assert '<html lang="de">' in page
    assert "script" not in page
    assert (answer.header("content-security-policy") or "").startswith("default-src 'none'")


def test_linksets_and_link_types_are_given_as_with_an_account(world: World) -> None:
    product, _ = issued(world)
    for path, accept in ((bare(product, "?linkType=linkset"), "*/*"), (bare(product), "application/linkset+json")):
        answer = scan(world, path, accept=accept).expect(200)
        assert (answer.header("content-type") or "").startswith("application/linkset+json")
    scan(world, bare(product, "?linkType=gs1:pip")).expect(300)
    answer = scan(world, bare(product, "?linkType=gs1:nosuchlt")).expect(404, "not_found")
    assert answer.header("access-control-allow-origin") == "*"


@pytest.mark.parametrize(
    "path", ["/01/09506000134353", "/01/9506000134352", "/01/09506000134352/foo", "/01/09506000134352?17=x"]
)
def test_malformed_links_without_an_account_are_400(world: World, path: str) -> None:
    scan(world, path).expect(400, "invalid_request")


def test_a_gtin_that_nobody_has_is_404(world: World) -> None:
    scan(world, "/01/09506000134352").expect(404, "not_found")


def test_options_is_answered_without_an_account(world: World) -> None:
    product, _ = issued(world)
    answer = scan(world, bare(product), method="OPTIONS").expect(204)
    assert answer.header("access-control-allow-origin") == "*"
    assert 'rel="linkset"' in (answer.header("link") or "")
