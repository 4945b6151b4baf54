"""Lists filter, sort and page alike on both engines."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import uuid4

import pytest

from harness.answers import Answer, JsonObject
from harness.client import Client
from harness.world import World
from products.catalogue import PRODUCTS, body, change, create, delete, new_gtin


def ask(world: World, **parameters: str | int) -> Answer:
    query = urlencode(parameters)
    return world.api.get(f"{PRODUCTS}?{query}", bearer=world.owner.access)


def ids(products: list[JsonObject]) -> list[str]:
    return [product["id"] for product in products]


def pages(world: World, **parameters: str | int) -> Iterator[list[JsonObject]]:
    """Every page, found by the cursor; the Link header has to say the same."""
    while True:
        answer = ask(world, **parameters).expect(200)
        pagination = answer.object()["pagination"]
        assert set(pagination) == {"nextCursor", "hasMore", "limit"}
        assert pagination["hasMore"] == (pagination["nextCursor"] is not None)
        yield answer.data()
        link = answer.header("link")
        if not pagination["hasMore"]:
            assert link is None
            return
        assert link is not None
        assert link.startswith(f"<{world.server.url}/api/v1/products?")
        assert link.endswith('>; rel="next"')
        parameters["cursor"] = pagination["nextCursor"]
        linked = parse_qs(urlsplit(link[1 : link.index(">")]).query)
        assert {name: [str(value)] for name, value in parameters.items()}.items() <= linked.items()


@pytest.fixture(scope="module")
def shelf(world: World) -> list[JsonObject]:
    """Seven products of a category of their own, in the order in which they were made."""
    category = f"shelf {uuid4()}"
    names = ["Bolt M8", "bolt M10", "Nut 50% off", "Nut 50 off", "snake_case", "snakeXcase", "Back\\slash ÄÖ"]
    skus = ["b", "B", "a", "ä", "Z", "_", "\U0001f529"]
    return [
        create(
            world,
            category={"code": category},
            name=name,
            sku=f"{sku}-{category[6:]}",
            gtin=new_gtin(8 if sku == "a" else 13),
        )
        for name, sku in zip(names, skus, strict=True)
    ]


def test_a_category_is_listed_in_the_order_of_change(world: World, shelf: list[JsonObject]) -> None:
    found = ask(world, category=shelf[0]["category"]).expect(200)
    assert found.data() == sorted(shelf, key=lambda product: (product["updatedAt"], product["id"]))
    assert found.object()["pagination"] == {"nextCursor": None, "hasMore": False, "limit": 50}
    assert found.header("link") is None


@pytest.mark.parametrize("sort", ["updatedAt", "sku"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_hold_every_product_once(world: World, shelf: list[JsonObject], sort: str, limit: int) -> None:
    found = list(pages(world, category=shelf[0]["category"], sort=sort, limit=limit))
    keys = {"sku": lambda product: product["sku"], "updatedAt": lambda product: (product["updatedAt"], product["id"])}
    assert [product for page in found for product in page] == sorted(shelf, key=keys[sort])
    assert all(len(page) == limit for page in found[:-1])


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("bolt", {"Bolt M8", "bolt M10"}),
        ("BOLT m1", {"bolt M10"}),
        ("50%", {"Nut 50% off"}),
        ("%", {"Nut 50% off"}),
        # The second one has it in its SKU.
        ("_", {"snake_case", "snakeXcase"}),
        ("e_c", {"snake_case"}),
        ("\\", {"Back\\slash ÄÖ"}),
        ("/", set()),
        ("äö", {"Back\\slash ÄÖ"}),
        ("' or '1'='1", set()),
    ],
)
def test_names_are_searched(world: World, shelf: list[JsonObject], q: str, names: set[str]) -> None:
    for sort in ("updatedAt", "sku"):
        found = ask(world, category=shelf[0]["category"], q=q, sort=sort).expect(200).data()
        assert {product["content"]["name"] for product in found} == names


def test_a_search_finds_a_name_in_either_unicode_form(world: World) -> None:
    """macOS sends decomposed letters, where Windows sends composed ones."""
    end = str(uuid4())
    composed, decomposed = f"B\u00f6hrer {end}", f"Bo\u0308hrer {end}"
    made = {create(world, name=name)["id"] for name in (composed, decomposed)}
    for q in (composed, decomposed, composed.upper(), decomposed.upper()):
        assert set(ids(ask(world, q=q).expect(200).data())) == made, q


def test_a_renamed_product_is_found_by_its_new_name(world: World) -> None:
    old, new = str(uuid4()), str(uuid4())
    made = create(world, name=f"Bolt {old}")
    change(world, made, {"content": {"name": f"Nut {new}"}}).expect(200)
    assert ask(world, q=old).data() == []
    assert ids(ask(world, q=new.upper()).data()) == [made["id"]]


def test_products_are_found_by_identifier(world: World, shelf: list[JsonObject]) -> None:
    for product in shelf:
        assert ids(ask(world, sku=product["sku"]).data()) == [product["id"]]
        assert ids(ask(world, gtin=product["gtin"]).data()) == [product["id"]]
        assert ids(ask(world, gtin=product["gtin"].rjust(14, "0"), sort="sku").data()) == [product["id"]]
        assert ids(ask(world, sku=product["sku"], gtin=product["gtin"], q=product["content"]["name"][:3]).data()) == [
            product["id"]
        ]
        assert ask(world, sku=product["sku"], category="another").data() == []
        assert ask(world, sku=product["sku"] + " ").data() == []
        for filters in ({"sku": product["sku"]}, {"gtin": product["gtin"]}):
            foreign = world.api.get(f"{PRODUCTS}?{urlencode(filters)}", bearer=world.other_owner.access)
            assert foreign.expect(200).data() == []


def test_products_are_found_by_updated_since(world: World, shelf: list[JsonObject]) -> None:
    category = shelf[0]["category"]
    times = sorted(product["updatedAt"] for product in shelf)
    for sort in ("updatedAt", "sku"):
        for place, time in enumerate(times):
            found = ask(world, category=category, updatedSince=time, sort=sort).expect(200).data()
            assert len(found) == len(times) - times.index(time) >= len(times) - place
    assert ask(world, category=category, updatedSince="9999-12-31T23:59:59Z").data() == []
    assert len(ask(world, category=category, updatedSince="0001-01-01T00:00:00+23:59").data()) == len(shelf)
    assert len(ask(world, category=category, updatedSince="2020-01-01T00:00:00.123456-08:00").data()) == len(shelf)


def test_a_parameter_without_a_value_is_absent(world: World, shelf: list[JsonObject]) -> None:
    query = urlencode({"category": shelf[0]["category"]}) + "&q=&sku=&gtin=&updatedSince=&cursor="
    assert len(world.api.get(f"{PRODUCTS}?{query}", bearer=world.owner.access).expect(200).data()) == len(shelf)


@pytest.mark.parametrize("sort", ["updatedAt", "sku"])
def test_pages_are_stable_while_products_come_and_go(world: World, sort: str) -> None:
    category = str(uuid4())
    made = sorted((create(world, category={"code": category}) for _ in range(6)), key=lambda product: product["sku"])
    if sort == "updatedAt":
        made.sort(key=lambda product: (product["updatedAt"], product["id"]))
    seen: list[str] = []
    for number, page in enumerate(pages(world, category=category, sort=sort, limit=2)):
        seen += ids(page)
        if number == 0:
            delete(world, made[0]).expect(204)
            delete(world, made[1]).expect(204)
            create(world, category={"code": category}, sku=f"!{uuid4()}")
            create(world, category={"code": category}, sku=f"~{uuid4()}")
    assert seen[:6] == ids(made), "nothing is missed, nothing comes twice"
    assert len(seen) == (7 if sort == "sku" else 8), "what came behind the place of reading is found"
    assert len(set(seen)) == len(seen)


def first_cursor(world: World, **parameters: str | int) -> str:
    cursor = ask(world, limit=1, **parameters).expect(200).object()["pagination"]["nextCursor"]
    assert isinstance(cursor, str)
    return cursor


def test_a_cursor_is_bound_to_its_query(world: World, shelf: list[JsonObject]) -> None:
    category = shelf[0]["category"]
    cursor = first_cursor(world, category=category)
    assert ask(world, category=category, cursor=cursor, limit=3).status == 200, "the size of pages may change"
    for other in ({}, {"category": "x"}, {"category": category, "sort": "sku"}, {"category": category, "q": "bolt"},
                  {"category": category, "updatedSince": "2020-01-01T00:00:00Z"}):  # fmt: skip
        ask(world, cursor=cursor, **other).expect(400, "invalid_cursor")
    query = urlencode({"category": category, "cursor": cursor})
    world.api.get(f"{PRODUCTS}?{query}", bearer=world.other_owner.access).expect(400, "invalid_cursor")
    world.api.get(f"/account/audit-events?cursor={cursor}", bearer=world.owner.access).expect(400, "invalid_cursor")


def test_a_tampered_cursor_is_refused(world: World, shelf: list[JsonObject]) -> None:
    category = shelf[0]["category"]
    cursor = first_cursor(world, category=category)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(0, len(cursor), 7):
        changed = letters[(letters.index(cursor[place]) + 1) % 64]
        ask(world, category=category, cursor=cursor[:place] + changed + cursor[place + 1 :]).expect(
            400, "invalid_cursor"
        )
    forged = base64.urlsafe_b64encode(b"\x92\x92\x00\xa1a\xc4\x08" + b"0" * 24).decode()
    unused = cursor[:-1] + letters[letters.index(cursor[-1]) ^ 1]
    for wrong in ("x", "=", "é", "%", "A" * 5_000, cursor[:-1], cursor + "A", cursor + "!", cursor + "=", "!" + cursor,
                  unused, forged):  # fmt: skip
        ask(world, category=category, cursor=wrong).expect(400, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=-1", "limit=1.5", "limit=a", "limit=", "limit=１", "limit=" + "9" * 5000,
     "sort=name", "sort=", "sort=SKU", "gtin=4006381333930", "gtin=x", "gtin=" + "9" * 5000,
     "updatedSince=yesterday", "updatedSince=2026-11-23", "updatedSince=2026-11-23T14:00:00",
     "updatedSince=2026-11-23T14:00:00+01:00", "updatedSince=1795444380", "updatedSince=2026-02-30T00:00:00Z",
     "sku=%00", "q=a%00b", "category=%1b", "q=%ff", "q=%zz", "q=%ed%a0%80", "q=a&q=b", "limit=1&limit=2",
     "cursor=a&cursor=b", "sku=" + "a" * 65, "category=" + "a" * 101, "q=" + "a" * 256,
     "brand=x", "updated_since=2026-11-23T14:33:00Z", "access_token=x", "Sku=a"],
)  # fmt: skip
def test_a_malformed_parameter_is_refused(world: World, query: str) -> None:
    quoted = quote(query, safe="=&%+:.-")
    world.api.get(f"{PRODUCTS}?{quoted}", bearer=world.owner.access).expect(400, "invalid_request")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=201", "The parameter limit must be a whole number from 1 to 200."),
        ("status=draft", "The parameter status must be one of DRAFT, PUBLISHED, ARCHIVED."),
        ("withCount=1", "The parameter withCount must be one of true, false."),
        ("q=" + "a" * 256, "The parameter q must have at most 255 characters."),
        ("brand=x", "Unknown parameter brand; accepted: category, cursor, fields, gtin, limit, q, sku, sort, "
                    "status, updatedSince, withCount."),
    ],
)  # fmt: skip
def test_a_rejected_parameter_says_what_it_accepts(world: World, query: str, says: str) -> None:
    answer = world.api.get(f"{PRODUCTS}?{query}", bearer=world.owner.access).expect(400, "invalid_request")
    assert answer.object()["error_description"] == says


def test_the_request_of_the_guide_works(world: World, api: Client) -> None:
    answer = api.get(PRODUCTS, bearer=world.token("products:read connections:read")).expect(200)
    assert isinstance(answer.data(), list)


def test_long_filters_keep_the_link_short_enough(world: World) -> None:
    category, name = "\U0001f529" * 100, "\U0001f529" * 255
    for _ in range(2):
        assert (
            world.api.post(
                PRODUCTS, bearer=world.owner.access, json=body(category={"code": category}, name=name)
            ).status
            == 201
        )
    found = list(pages(world, category=category, q=name, limit=1))
    assert len(found) == 2
