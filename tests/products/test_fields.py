"""`fields=`, `withCount=` and the addresses by SKU and GTIN."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest

from harness.answers import Answer
from harness.world import World
from imports.files import IMPORTS, csv_file, run
from products.catalogue import PRODUCTS, body, create, new_gtin, new_sku, path, read


def get(world: World, where: str) -> Answer:
    return world.api.get(where, bearer=world.owner.access)


def test_only_the_requested_fields_are_returned(world: World) -> None:
    made = create(world, attributes={"a": {"b": 1, "c": 2}}, category={"code": "x"})
    for fields, expected in (
        ("sku", {"sku": made["sku"]}),
        ("id,content.name", {"id": made["id"], "content": {"name": "Hex bolt"}}),
        (
            "content.attributes.a.b,content.category",
            {"content": {"attributes": {"a": {"b": 1}}, "category": {"code": "x"}}},
        ),
        ("content,content.name", {"content": made["content"]}),
        ("content.brand,gtin", {"content": {}, "gtin": None}),
        ("content.name.x", {"content": {}}),
    ):
        assert get(world, f"{path(made)}?fields={fields}").expect(200).data() == expected
        listed = get(world, f"{PRODUCTS}?sku={made['sku']}&fields={fields}").expect(200)
        assert listed.data() == [expected]


@pytest.mark.parametrize(
    ("fields", "materials"),
    [
        ("materials.name", [{"name": "Steel"}, {"name": "Oak"}]),
        ("materials.name,content.materials.code", [{"name": "Steel", "code": "s"}, {"name": "Oak"}]),
        ("materials.code", [{"code": "s"}, {}]),
        ("materials.code,content.materials", [{"name": "Steel", "code": "s"}, {"name": "Oak"}]),
        ("materials,content.materials.code", [{"name": "Steel", "code": "s"}, {"name": "Oak"}]),
    ],
)
def test_fields_selects_members_of_list_items(world: World, fields: str, materials: list[dict[str, str]]) -> None:
    made = create(world, materials=[{"name": "Steel", "code": "s"}, {"name": "Oak"}], attributes={"a": [1, {"b": 2}]})
    found = get(world, f"{path(made)}?fields=content.{fields},content.attributes.a.b").expect(200).data()
    # Of a list of other things there is no member to take.
    assert found == {"content": {"materials": materials, "attributes": {}}}


@pytest.mark.parametrize(
    "fields", ["x", "sku,", ",", "content.", "content.colour", "sku.x", "Sku", "content..name", "id," * 50 + "id",
               "a" * 3_000, "__class__"]
)  # fmt: skip
def test_unknown_fields_are_rejected(world: World, fields: str) -> None:
    made = create(world)
    for where in (path(made), PRODUCTS, f"{path(made)}/versions", f"{path(made)}/versions/1"):
        get(world, f"{where}?fields={fields}").expect(400, "invalid_request")


@pytest.mark.any_engine
def test_every_response_member_can_be_selected_and_no_other(world: World) -> None:
    made = create(world)
    job = run(world, csv_file(("sku", "name"), [[new_sku(), "Bolt"]]))
    for where in (
        f"{path(made)}?", f"{PRODUCTS}?sku={made['sku']}&", f"{path(made)}/versions?", f"{path(made)}/versions/1?",
        f"{IMPORTS}/{job['id']}?", f"{IMPORTS}?limit=1&",
    ):  # fmt: skip
        found = get(world, where[:-1]).expect(200).data()
        [whole] = found if isinstance(found, list) else [found]
        for name in {*whole, "content", "sku", "version", "links"}:
            answer = get(world, f"{where}fields={name}")
            if name in whole:
                assert answer.expect(200).data() in ({name: whole[name]}, [{name: whole[name]}]), (where, name)
            else:
                answer.expect(400, "invalid_request")


@pytest.mark.parametrize("query", ["field=sku", "version=1&x=1", "versoin=1", "limit=1"])
def test_an_unknown_parameter_is_rejected(world: World, query: str) -> None:
    get(world, f"{path(create(world))}?{query}").expect(400, "invalid_request")


def test_writes_reject_query_parameters(world: World) -> None:
    """Whoever asks for `dryRun=true` is not to be obeyed without it."""
    made = create(world)
    where = path(made)
    for method, address, given in (
        ("POST", PRODUCTS, body()), ("PATCH", where, {"sku": new_sku()}), ("DELETE", where, None),
        ("POST", f"{where}/publish", {}), ("POST", f"{where}/versions/1/withdraw", {"reason": "x"}),
        ("DELETE", f"{where}/draft", None), ("POST", f"{where}/unarchive", None),
        ("POST", "/identifiers/validate", {"identifiers": [{"type": "gtin", "value": "96385074"}]}),
        ("POST", f"/imports/{made['id']}/cancel", None), ("POST", f"/imports/{made['id']}/retry", None),
    ):  # fmt: skip
        answer = world.api.request(method, f"{address}?dryRun=true", bearer=world.owner.access, json=given)
        answer.expect(400, "invalid_request")
        assert answer.object()["error_description"] == "Unknown parameter dryRun; no parameters are accepted."
    assert get(world, where).expect(200).data() == made


def test_fields_is_kept_in_page_links(world: World) -> None:
    category = str(uuid4())
    for _ in range(3):
        create(world, category={"code": category})
    answer = get(world, f"{PRODUCTS}?category={category}&fields=sku&limit=2").expect(200)
    link = answer.header("link")
    assert link is not None
    following = get(world, link[1 : link.index(">")].partition("/api/v1")[2]).expect(200).data()
    assert [list(one) for one in (*answer.data(), *following)] == [["sku"]] * 3


def test_a_count_is_returned_on_request(world: World) -> None:
    category = str(uuid4())
    for number in range(5):
        create(world, category={"code": category}, name=f"Bolt {number % 2}")
    for query, count in (("", 5), ("&q=bolt+1", 2), ("&sort=sku", 5), ("&limit=1", 5), ("&q=nothing", 0)):
        pagination = (
            get(world, f"{PRODUCTS}?category={category}{query}&withCount=true").expect(200).object()["pagination"]
        )
        assert pagination["totalCount"] == count
    assert "totalCount" not in get(world, f"{PRODUCTS}?category={category}").object()["pagination"]
    for wrong in ("1", "True", "yes"):
        get(world, f"{PRODUCTS}?withCount={wrong}").expect(400, "invalid_request")


@pytest.mark.parametrize(
    "sku", ["plain", "with space", "a/b", "a/b/c", "ä", "a+b", "a%2Fb", "a?b#c", "螺", "..", "a;b"]
)
def test_a_product_is_read_by_its_sku(world: World, sku: str) -> None:
    made = create(world, sku=f"{sku}-{uuid4()}")
    where = f"{PRODUCTS}/by-sku/{quote(made['sku'], safe='')}"
    answer = get(world, where).expect(200)
    assert answer.data() == read(world, made).data()
    assert answer.header("etag") == '"p-1"'
    assert world.api.get(where, bearer=world.owner.access, headers={"If-None-Match": '"p-1"'}).status == 304
    assert get(world, f"{where}?fields=id&version=draft").expect(200).data() == {"id": made["id"]}
    get(world, f"{where}?version=latest").expect(404, "not_found")
    world.api.get(where, bearer=world.other_owner.access).expect(404, "not_found")


def test_slashes_in_skus_are_significant(world: World) -> None:
    for sku in (f"{uuid4()}/B", f"{uuid4()}/2026"):
        left, right = sku.split("/")
        for other in (sku, f"{left}//{right}", f"/{sku}", f"{sku}/", f"//{sku}//"):
            where = f"{PRODUCTS}/by-sku/{quote(other, safe='')}"
            get(world, where).expect(404, "not_found")
            made = create(world, sku=other)
            assert get(world, where).expect(200).data() == made


@pytest.mark.parametrize("length", [8, 12, 13, 14])
def test_a_product_is_read_by_its_gtin(world: World, length: int) -> None:
    gtin = new_gtin(length)
    made = create(world, gtin=gtin)
    for written in {gtin, gtin.rjust(14, "0")}:
        assert get(world, f"{PRODUCTS}/by-gtin/{written}").expect(200).data() == made
        world.api.get(f"{PRODUCTS}/by-gtin/{written}", bearer=world.other_owner.access).expect(404, "not_found")


@pytest.mark.parametrize(
    "where",
    ["by-sku/", "by-sku", "by-sku/S-nothing-has-it", "by-sku/%00", "by-sku/" + "a" * 3_000, "by-gtin/1", "by-gtin/",
     "by-gtin/4006381333930", "by-gtin/4006381333931x", "by-gtin/%EF%BC%94", "by-gtin/" + "9" * 5_000],
)  # fmt: skip
def test_an_unknown_identifier_is_not_found(world: World, where: str) -> None:
    get(world, f"{PRODUCTS}/{where}").expect(404, "not_found")
