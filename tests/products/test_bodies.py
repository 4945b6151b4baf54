"""Every invalid product body is rejected with its field named, on both engines alike."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.answers import Answer, JsonObject
from harness.world import World
from products.catalogue import body, change, create, delete, new_gtin, post, read

JSON_TYPE = {"Content-Type": "application/json"}


def named_fields(answer: Answer) -> str:
    """The one field that a refusal names."""
    details = answer.expect(422, "validation_failed").object()["details"]
    assert all(set(detail) == {"field", "code", "message"} for detail in details)
    return ",".join(detail["field"] for detail in details)


def at(field: str) -> str:
    """Where the field stands in a body."""
    return field if field in ("sku", "gtin") else f"content.{field}"


def patch_of(field: str, value: Any) -> JsonObject:
    return {field: value} if field in ("sku", "gtin") else {"content": {field: value}}


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
    ("category", "tools"),
    ("category", False),
    ("producer", []),
    ("access", {"brand": "secret"}),
    ("attributes", []),
    ("attributes", "{}"),
    ("attributes", True),
    ("attributes", 1),
    ("attributes", {f"a{number}": number for number in range(201)}),
    ("attributes", {"a": "x" * 65_536}),
    ("attributes", {"x" * 256: "long name"}),
    ("attributes", {"a": "螺" * 22_000}),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{f}-{n}" for n, (f, _) in enumerate(WRONG)])
def test_a_wrong_field_is_named(world: World, field: str, value: Any) -> None:
    named = at(field) + ("[...]" if field == "access" else "")
    assert named_fields(post(world, body(**{field: value}))) == named
    if field == "attributes" and value == {f"a{number}": number for number in range(201)}:
        value = {f"b{number}": number for number in range(201)}
    made = create(world, gtin=new_gtin(), attributes={"old": 1})
    if value is not None or field == "sku":
        assert named_fields(change(world, made, patch_of(field, value))) == named
    assert read(world, made).data() == made


def test_all_wrong_fields_are_named(world: World) -> None:
    assert (
        named_fields(post(world, body(sku=" ", name="a\n", gtin="12345678", brand="\n")))
        == "sku,gtin,content.name,content.brand"
    )


@pytest.mark.any_engine
def test_every_member_of_a_wrong_type_is_named(world: World) -> None:
    content = {
        "name": 1, "brand": "b" * 256, "dimensions": {"width": {"value": -1}}, "materials": [{"massFraction": "x"}],
        "claims": [{"name": "c", "claimDate": "tomorrow"}], "documents": {}, "access": {"name": "secret"},
    }  # fmt: skip
    details = post(world, {"sku": 5, "content": content}).expect(422, "validation_failed").object()["details"]
    assert [(one["field"], one["code"], one["message"]) for one in details] == [
        ("sku", "invalid", "Must be a string."),
        ("content.name", "invalid", "Must be a string."),
        ("content.brand", "invalid", "Too long: at most 255 characters."),
        ("content.dimensions.width.value", "invalid", "Must be a number from 0 to 9007199254740991."),
        ("content.dimensions.width.unit", "missing", "The field unit is missing."),
        ("content.materials[0].name", "missing", "The field name is missing."),
        ("content.materials[0].massFraction", "invalid", "Must be a number from 0 to 1."),
        ("content.claims[0].claimDate", "invalid", "Must be a date such as 2026-02-28."),
        ("content.documents", "invalid", "Must be a list of at most 100 elements."),
        ("content.access[...]", "invalid", "Must be one of authority, legitimateInterest, public, restricted."),
    ]


@pytest.mark.any_engine
def test_the_number_of_reported_errors_is_bounded(world: World) -> None:
    wrong = [{"name": "n", "brand": 1}] * 99
    content = {"name": "a"} | dict.fromkeys(("materials", "claims", "performance", "documents", "images"), wrong)
    details = post(world, {"sku": "a", "content": content}).expect(422, "validation_failed").object()["details"]
    assert len(details) == 100
    made = create(world)
    details = change(world, made, {"content": content}).expect(422, "validation_failed").object()["details"]
    assert len(details) == 100


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"content": {"name": "a"}}, "sku"),
        ({"sku": "a"}, "content"),
        ({"sku": "a", "content": {}}, "content.name"),
        ({"sku": "a", "content": {"name": "a", "category": {"name": "b"}}}, "content.category.code"),
        ({"sku": "a", "content": {"name": "a", "materials": [{"name": "b"}, {}]}}, "content.materials[1].name"),
        ({"sku": "a", "content": {"name": "a", "dimensions": {"length": {"value": 1}}}},
         "content.dimensions.length.unit"),
    ],
)  # fmt: skip
def test_a_missing_field_is_named(world: World, given: JsonObject, field: str) -> None:
    assert named_fields(post(world, given)) == field


def test_required_members_cannot_be_removed(world: World) -> None:
    made = create(world)
    assert named_fields(change(world, made, {"content": {"name": None}})) == "content.name"
    assert named_fields(change(world, made, {"content": None})) == "content"


@pytest.mark.parametrize(
    "field",
    ["id", "accountId", "account_id", "revision", "createdAt", "updatedAt", "gtinFormat", "gtin14", "nameKey", "Sku",
     "status", "name", "missing", "a` - at `$.b", ""],
)  # fmt: skip
def test_an_unknown_field_is_rejected_and_not_echoed(world: World, field: str) -> None:
    for answer, order in (
        (post(world, body() | {field: "x"}), "sku, content, gtin"),
        (change(world, create(world), {field: None}), "sku, gtin, content"),
    ):
        details = answer.expect(422, "validation_failed").object()["details"]
        assert details == [{"field": "", "code": "unknown_field", "message": f"Unknown field; accepted: {order}."}]


@pytest.mark.parametrize(
    ("content", "at", "known"),
    [
        ({"colour": "red"}, "content", "name, description, brand"),
        ({"category": {"code": "a", "colour": 1}}, "content.category", "code, name, schemeId, schemeName."),
        ({"materials": [{"name": "a"}, {"name": "b", "colour": 1}]}, "content.materials[1]", "name, code, schemeId"),
        ({"claims": [{"name": "a", "evidence": {"url": "https://a", "colour": 1}}]}, "content.claims[0].evidence",
         "url, sha256."),
    ],
)  # fmt: skip
def test_a_nested_unknown_field_is_reported_with_the_known_fields(
    world: World, content: JsonObject, at: str, known: str
) -> None:
    for answer in (post(world, body(**content)), change(world, create(world), {"content": content})):
        [detail] = answer.expect(422, "validation_failed").object()["details"]
        assert (detail["field"], detail["code"]) == (at, "unknown_field")
        assert detail["message"].startswith(f"Unknown field; accepted: {known}")


def test_an_unknown_field_cannot_be_cleared_either(world: World) -> None:
    assert named_fields(change(world, create(world), {"content": {"colour": None}})) == "content"


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
        right({"category": {"code": "\U0001f529" * 100, "name": "", "schemeId": "urn:gs1:gpc", "schemeName": "GPC"}}),
        right({"producer": {"name": "Acme", "gln": "4012345000009"}, "facility": {"country": "DE"}}),
        right({"dimensions": {"netWeight": {"value": 0.5, "unit": "KGM"}, "volume": {"value": 0, "unit": "LTR"}}}),
        right({"materials": [{"name": "Steel", "massFraction": 0.7, "recycledMassFraction": 1, "hazardous": False},
                             {"name": "Zinc", "massFraction": 0.3, "originCountry": "CL"}]}),
        right({"performance": [{"metricName": "Torque", "value": -1.5, "unit": "NU", "tolerance": 0.1}]}),
        right({"claims": [{"name": "FSC", "claimDate": "2026-02-28", "evidence": {"url": "https://a.example/b?c=d"}}]}),
        right({"documents": [{"url": "https://a.example/m.pdf", "mediaType": "application/pdf", "language": "pt-BR",
                              "sha256": "0" * 64, "access": "restricted"}]}),
        right({"packaging": [{"name": "Carton", "gtin": "10614141000415", "quantity": 12}]}),
        right({"access": {"materials": "restricted", "attributes.a.b": "authority", "name": "public"}}),
        right({"attributes": {f"a{number}": number for number in range(200)}}),
        right({"attributes": {"a": "x" * (65_536 - len('{"a":""}'))}}),
        right({"attributes": {"big": 2**53 - 1, "negative": 1 - 2**53, "small": 5e-324, "exact": 0.1}}),
        right({"attributes": {"a": [[[[{"b": [None]}]]]]}}),
        right({"attributes": {"__proto__": {"a": 1}, "constructor": None, "toString": []}}),
        right({"attributes": {"\U0001f529": "\u2028\u2029\u0085"}}),
        right({"attributes": {"x" * 255: "long name"}}),
    ],
)  # fmt: skip
def test_a_valid_value_comes_back_unchanged(world: World, given: JsonObject) -> None:
    made = create(world, **given)
    shown = read(world, made).data()
    assert shown == made
    _same(shown, given)
    delete(world, made).expect(204)
    # In a patch a null removes.
    patch = given
    if "attributes" in given:
        patch = {"attributes": {k: v for k, v in given["attributes"].items() if v is not None}}
    made = change(world, create(world), _patch(patch)).expect(200).data()
    shown = read(world, made).data()
    assert shown == made
    _same(shown, patch)
    delete(world, made).expect(204)


def _patch(given: JsonObject) -> JsonObject:
    return given if "sku" in given else {"content": given}


def _same(shown: JsonObject, given: JsonObject) -> None:
    for name, value in given.items():
        assert json.dumps(shown[name] if name == "sku" else shown["content"][name], sort_keys=True) == json.dumps(
            value, sort_keys=True
        )


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"producer": {"gln": "4012345000008"}}, "producer.gln"),
        ({"facility": {"gln": "123", "country": "de"}}, "facility.gln,facility.country"),
        ({"countryOfProduction": "UK"}, "countryOfProduction"),
        ({"dimensions": {"netWeight": {"value": 1, "unit": "MTR"}}}, "dimensions.netWeight.unit"),
        ({"dimensions": {"width": {"value": 1, "unit": "m"}}}, "dimensions.width.unit,dimensions.width.unit"),
        ({"dimensions": {"width": {"value": -1, "unit": "MTR"}}}, "dimensions.width.value"),
        ({"dimensions": {"width": {"value": True, "unit": "MTR"}}}, "dimensions.width.value"),
        ({"materials": [{"name": "a", "massFraction": 0.6}, {"name": "b", "massFraction": 0.5}]}, "materials"),
        ({"materials": [{"name": "a", "massFraction": 1.1}]}, "materials[0].massFraction"),
        ({"materials": [{"name": "a"}] * 101}, "materials"),
        ({"performance": [{"metricName": "a", "value": 1, "metricId": "no uri"}]}, "performance[0].metricId"),
        ({"claims": [{"name": "a", "claimDate": "2026-02-30"}]}, "claims[0].claimDate"),
        ({"claims": [{"name": "a", "evidence": {"url": "javascript:alert(1)"}}]}, "claims[0].evidence.url"),
        ({"documents": [{"url": "https://a.example/ b"}]}, "documents[0].url"),
        ({"documents": [{"url": "https://a.example", "sha256": "A" * 64}]}, "documents[0].sha256"),
        ({"documents": [{"url": "https://a.example", "mediaType": "pdf"}]}, "documents[0].mediaType"),
        ({"images": [{"url": "https://a.example", "language": "de_DE"}]}, "images[0].language"),
        ({"images": [{"url": "https://a.example", "access": "secret"}]}, "images[0].access"),
        ({"packaging": [{"name": "a", "gtin": "10614141000416"}]}, "packaging[0].gtin"),
        ({"packaging": [{"name": "a", "quantity": 0}]}, "packaging[0].quantity"),
        ({"access": {"colour": "public"}}, "access"),
        ({"access": {"attributes.": "public"}}, "access"),
        ({"attributes": {"a": 2**53}}, "attributes"),
        ({"attributes": {"a": [{"b": -1e300}]}}, "attributes"),
        ({"attributes": {"a": 10**400}}, "attributes"),
        ({"materials": [{"name": "x" * 255, "code": "y" * 255, "schemeId": "z:" + "a" * 2_000}] * 100}, ""),
    ],
)
def test_an_invalid_nested_field_is_named(world: World, content: JsonObject, fields: str) -> None:
    expected = ",".join(f"content.{field}".rstrip(".") for field in fields.split(","))
    assert named_fields(post(world, body(**content))) == expected
    made = create(world)
    assert named_fields(change(world, made, {"content": content})) == expected
    assert read(world, made).data() == made


def test_attributes_cannot_grow_beyond_their_bounds(world: World) -> None:
    def give(product: JsonObject, attributes: JsonObject) -> Answer:
        return change(world, product, {"content": {"attributes": attributes}})

    made = create(world, attributes={f"a{number}": number for number in range(199)})
    assert give(made, {"b": 1}).expect(200).data()["revision"] == 2
    assert named_fields(give(made, {"c": 1})) == "content.attributes"
    swap: JsonObject = {f"a{number}": None for number in range(199)} | {f"c{number}": number for number in range(199)}
    assert len(give(made, swap).expect(200).data()["content"]["attributes"]) == 200
    large = create(world, attributes={"a": "x" * 40_000})
    assert named_fields(give(large, {"b": "x" * 40_000})) == "content.attributes"
    give(large, {"a": None, "b": "x" * 40_000}).expect(200)
