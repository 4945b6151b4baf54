"""A link that names no account leads to no account before another: nobody has verified whose a GTIN is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table

from harness.answers import Answer, JsonObject
from harness.rows import execute, rows
from harness.world import World
from identifiers.compression import compressed
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.store import versions
from linkxg.clock import now_ms
from linkxg.ids import uuid7
from linkxg.network.passports.issue.store import passport_versions, passports
from passports.reading import issued
from passports.scanning import GS1, scan, slug_of, target
from passports.units import issue
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


def _crowd(world: World, gtin: str, number: int) -> None:
    """Accounts whose slugs come first, with a later passport of the same GTIN: copies of the only one that has it."""
    database = world.server.database
    ((source,),) = rows(database, f"select product_id from passports where gtin14 = '{gtin}'")
    for index in range(number):
        account, product = uuid7(), uuid7()
        columns = "(id, name, slug, created_at)"
        values = f"('{account}', 'Squatter {index:02d}', '0-{account[-12:]}-{index}', {now_ms()})"
        execute(database, f"insert into accounts {columns} values {values}")
        _copy(world, products, {"id": source}, {"id": product, "account_id": account})
        of_product = {"product_id": product, "account_id": account}
        _copy(world, versions, {"product_id": source}, of_product)
        _copy(world, passports, {"product_id": source}, of_product | {"id": product, "created_at": now_ms() + index})
        _copy(world, passport_versions, {"product_id": source}, of_product | {"passport_id": product})


def _copy(world: World, table: Table, of: dict[str, str], changes: dict[str, Any]) -> None:
    names = [column.name for column in table.columns]
    values = [f"'{changes[name]}'" if name in changes else name for name in names]
    where = " and ".join(f"{name} = '{value}'" for name, value in of.items())
    sql = f"insert into {table.name} ({', '.join(names)}) select {', '.join(values)} from {table.name} where {where}"
    execute(world.server.database, sql)


def test_rule_247_accounts_with_early_slugs_displace_nobody(world: World) -> None:
    product, ours = issued(world)
    _crowd(world, product["gtin"].zfill(14), 41)
    first = scan(world, bare(product)).expect(300)
    assert targets(first)[0] == target(world, ours)
    assert len(targets(first)) == 20
    seen = targets(first)
    (following,) = first.object()["linkset"][0]["next"]
    assert following["title"] == "Companies 1 to 20 of 42: page 2"
    assert f'<{following["href"]}>; rel="next"' in (first.header("link") or "")
    second = world.api.get("/" + following["href"].removeprefix(world.server.url)).expect(300)
    third_at = second.object()["linkset"][0]["next"][0]["href"]
    third = world.api.get("/" + third_at.removeprefix(world.server.url)).expect(300)
    seen += targets(second) + targets(third)
    assert len(set(seen)) == len(seen) == 42
    assert "next" not in third.object()["linkset"][0]
    assert third.object()["linkset"][0]["prev"][0]["title"] == "Companies 41 to 42 of 42: page 2"
    kept = scan(world, bare(product, "?linkType=linkset&page=2&x=%3E")).expect(200).object()["linkset"][0]
    assert kept["next"][0]["href"].endswith("?linkType=linkset&x=%3E&page=3")
    page = world.api.get(f"/{bare(product, '?page=2')}", headers={"Accept": "text/html"}).body.decode()
    assert "Companies 21–40 / 42." in page
    assert f'rel="next" href="{world.server.url}{bare(product)}?page=3"' in page
    for odd in ("0", "-1", "x", "99999", "%32"):
        assert scan(world, bare(product, f"?page={odd}")).status == 300
    scan(world, bare(product, "?page=4")).expect(404, "not_found")
