"""Is every body that is no product refused, with the field named, on both engines alike?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.answers import Answer, JsonObject
from harness.world import World
from products.catalogue import PRODUCTS, body, change, create, delete, new_gtin, path, post, read

JSON_TYPE = {"Content-Type": "application/json"}


def told(answer: Answer) -> str:
    """The one field that a refusal names."""
    details = answer.expect(422, "validation_failed").object()["details"]
    assert all(set(detail) == {"field", "code", "message"} for detail in details)
    return ",".join(detail["field"] for detail in details)


WRONG: list[tuple[str, Any]] = [
    ("sku", ""),
    ("sku", " "),
    ("sku", " a"),
    ("sku", "a "),
    ("sku", "a\tb"),
    ("sku", "a\nb"),
    ("sku", "a\n"),
    ("sku", "a\u0085b"),
    ("sku", "a\u200bb"),
    ("sku", "a\u202eb"),
    ("sku", "\ufeffa"),
    ("sku", "x" * 65),
    ("sku", "x" * 10_000),
    ("sku", 1),
    ("sku", True),
    ("sku", None),
    ("sku", ["a"]),
    ("sku", {"a": "b"}),
    ("name", ""),
    ("name", "   "),
    ("name", "\u00a0\u3000"),
    ("name", "a\nb"),
    ("name", "a\u2028b"),
    ("name", "x" * 256),
    ("name", None),
    ("name", 1.5),
    ("name", False),
    ("gtin", ""),
    ("gtin", "4006381333930"),
    ("gtin", "400638133393"),
    ("gtin", "4006381333931\n"),
    ("gtin", "４００６３８１３３３９３１"),
    ("gtin", "9" * 10_000),
    ("gtin", 4006381333931),
    ("gtin", True),
    ("description", "x" * 10_001),
    ("description", 1),
    ("description", ["a"]),
    ("brand", "x" * 256),
    ("brand", "a\rb"),
    ("brand", 0),
    ("category", "x" * 101),
    ("category", "a\nb"),
    ("category", False),
    ("attributes", []),
    ("attributes", "{}"),
    ("attributes", True),
    ("attributes", 1),
    ("attributes", {f"a{number}": number for number in range(201)}),
    ("attributes", {"a": "x" * 65_536}),
    ("attributes", {"a": "螺" * 22_000}),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{f}-{n}" for n, (f, _) in enumerate(WRONG)])
def test_a_wrong_field_is_named(world: World, field: str, value: Any) -> None:
    assert told(post(world, body(**{field: value}))) == field
    if field == "attributes" and value == {f"a{number}": number for number in range(201)}:
        value = {f"b{number}": number for number in range(201)}
    made = create(world, gtin=new_gtin(), attributes={"old": 1})
    assert told(change(world, made, {field: value})) == field
    assert read(world, made).data() == made


def test_all_wrong_fields_are_named(world: World) -> None:
    assert told(post(world, body(sku=" ", name="a\n", gtin="12345678", brand="\n"))) == "sku,name,brand,gtin"


@pytest.mark.parametrize("field", ["sku", "name"])
def test_a_missing_field_is_named(world: World, field: str) -> None:
    content = body()
    del content[field]
    assert told(post(world, content)) == field


@pytest.mark.parametrize(
    "field",
    ["id", "accountId", "account_id", "revision", "createdAt", "updatedAt", "gtinFormat", "gtin14", "nameKey", "Sku",
     "status", "content", "missing", "a` - at `$.b", ""],
)  # fmt: skip
def test_an_unknown_field_is_refused_and_not_repeated(world: World, field: str) -> None:
    for answer in (post(world, body() | {field: "x"}), change(world, create(world), {field: None})):
        details = answer.expect(422, "validation_failed").object()["details"]
        fields = "sku, name, gtin, description, brand, category, attributes"
        assert details == [{"field": "", "code": "unknown_field", "message": f"The fields are {fields}."}]


def right(value: JsonObject) -> Any:
    return pytest.param(value, id=str(value)[:30])


@pytest.mark.parametrize(
    "given",
    [
        right({"sku": "x"}),
        right({"sku": "Ä 1/2 (ß) 螺 \U0001f529"}),
        right({"sku": "%_/\\'\";--"}),
        right({"sku": "\U0001f529" * 64}),
        right({"name": "x" * 255}),
        right({"name": "\U0001f529" * 255}),
        right({"name": " two  spaces "}),
        right({"name": "नट\u200d और बोल्ट"}),
        right({"name": "<script>alert(1)</script>"}),
        right({"name": "ß" * 255}),
        right({"description": ""}),
        right({"description": "\U0001f529" * 10_000}),
        right({"description": "a\r\nb\tc"}),
        right({"brand": ""}),
        right({"category": ""}),
        right({"category": "\U0001f529" * 100}),
        right({"attributes": {f"a{number}": number for number in range(200)}}),
        right({"attributes": {"a": "x" * (65_536 - len('{"a":""}'))}}),
        right({"attributes": {"big": 10**400, "negative": -(10**30), "small": 5e-324, "zero": -0.0}}),
        right({"attributes": {"a": [[[[{"b": [None]}]]]]}}),
        right({"attributes": {"__proto__": {"a": 1}, "constructor": None, "toString": []}}),
        right({"attributes": {"\U0001f529": "\u2028\u2029\u0085"}}),
        right({"attributes": {"x" * 5_000: "long name"}}),
    ],
)
def test_a_right_value_comes_back_unchanged(world: World, given: JsonObject) -> None:
    made = create(world, **given)
    shown = read(world, made).data()
    assert shown == made
    assert all(repr(shown[name]) == repr(value) for name, value in given.items())
    delete(world, made).expect(204)
    # In a patch a null removes.
    patch = {**given, "attributes": {k: v for k, v in given.get("attributes", {}).items() if v is not None}}
    made = change(world, create(world), patch).expect(200).data()
    shown = read(world, made).data()
    assert shown == made
    assert all(repr(shown[name]) == repr(value) for name, value in patch.items())
    delete(world, made).expect(204)


RAW: list[tuple[str, bytes]] = [
    ("NUL", b'{"sku":"a\\u0000b","name":"n"}'),
    ("NUL in an attribute", b'{"sku":"a","name":"n","attributes":{"a":"\\u0000"}}'),
    ("NUL in an attribute's name", b'{"sku":"a","name":"n","attributes":{"\\u0000":1}}'),
    ("lone surrogate", b'{"sku":"a","name":"\\ud800"}'),
    ("lone surrogate in depth", b'{"sku":"a","name":"n","attributes":{"a":[{"\\udfff":1}]}}'),
    ("raw surrogate", b'{"sku":"a","name":"\xed\xa0\x80"}'),
    ("escape", b'{"sku":"a","name":"n","description":"\\u001b[31m"}'),
    ("member twice", b'{"sku":"a","name":"n","name":"m"}'),
    ("attribute twice", b'{"sku":"a","name":"n","attributes":{"a":1,"\\u0061":2}}'),
    ("deep", b'{"sku":"a","name":"n","attributes":{"a":' + b"[" * 40 + b"]" * 40 + b"}}"),
    ("very deep", b'{"sku":"a","name":"n","attributes":' + b'{"a":' * 40_000 + b"1" + b"}" * 40_001),
    ("NaN", b'{"sku":"a","name":"n","attributes":{"a":NaN}}'),
    ("infinite", b'{"sku":"a","name":"n","attributes":{"a":1e999}}'),
    ("many digits", b'{"sku":"a","name":"n","attributes":{"a":' + b"1" * 5_000 + b"}}"),
    ("cut", b'{"sku":"a","name":"n"'),
    ("UTF-16", '{"sku":"a","name":"n"}'.encode("utf-16")),
    ("empty", b""),
]


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in RAW])
def test_what_is_no_good_json_is_malformed(world: World, raw: bytes) -> None:
    options: dict[str, Any] = {"content": raw, "headers": JSON_TYPE, "bearer": world.owner.access}
    world.api.post(PRODUCTS, **options).expect(400, "invalid_request")
    made = create(world)
    world.api.patch(path(made), **options).expect(400, "invalid_request")
    assert read(world, made).data() == made


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"a"', b"[{}]"])
def test_a_body_is_an_object(world: World, raw: bytes) -> None:
    options: dict[str, Any] = {"content": raw, "headers": JSON_TYPE, "bearer": world.owner.access}
    world.api.post(PRODUCTS, **options).expect(422, "validation_failed")
    world.api.patch(path(create(world)), **options).expect(422, "validation_failed")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_other_media_types_are_refused(world: World, media_type: str) -> None:
    options: dict[str, Any] = {
        "content": json.dumps(body()).encode(),
        "headers": {"Content-Type": media_type},
        "bearer": world.owner.access,
    }
    world.api.post(PRODUCTS, **options).expect(415, "unsupported_media_type")
    world.api.patch(path(create(world)), **options).expect(415, "unsupported_media_type")


def test_a_body_is_bounded(world: World) -> None:
    post(world, body(description="x" * 300_000)).expect(413, "payload_too_large")


def test_attributes_cannot_grow_beyond_their_bounds(world: World) -> None:
    made = create(world, attributes={f"a{number}": number for number in range(199)})
    assert change(world, made, {"attributes": {"b": 1}}).expect(200).data()["revision"] == 2
    assert told(change(world, made, {"attributes": {"c": 1}})) == "attributes"
    swap: JsonObject = {f"a{number}": None for number in range(199)} | {f"c{number}": number for number in range(199)}
    assert len(change(world, made, {"attributes": swap}).expect(200).data()["attributes"]) == 200
    large = create(world, attributes={"a": "x" * 40_000})
    assert told(change(world, large, {"attributes": {"b": "x" * 40_000}})) == "attributes"
    change(world, large, {"attributes": {"a": None, "b": "x" * 40_000}}).expect(200)
