"""The document stays within the part of OpenAPI that code generators understand, with names that do not collide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from architecture.program import document

Schema = dict[str, Any]
# What generators or languages call their own classes.
TAKEN = {
    "Error", "Object", "String", "Number", "Boolean", "Function", "Symbol", "Promise", "Map", "Set", "Date", "List",
    "Any", "None", "Null", "Exception", "Response", "Request", "Configuration", "ApiClient", "ApiException",
    "ApiResponse", "Model",
}  # fmt: skip
# Any JSON value at all.
ANYTHING = {"FieldChange.old", "FieldChange.new", "PatchOperation.value", "readElement application/json.data"}
SHAPES = {"type", "$ref", "anyOf", "oneOf", "allOf"}


def below(schema: Schema, place: str) -> Iterator[tuple[str, Schema]]:
    """The schema and all in it; the null branch of a union is part of the union."""
    yield place, schema
    for name, member in schema.get("properties", {}).items():
        yield from below(member, f"{place}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from below(schema[word], f"{place}.{word}")
    for word in ("anyOf", "oneOf", "allOf"):
        for option in schema.get(word, ()):
            if option != {"type": "null"}:
                yield from below(option, f"{place}.{word}")


def of_operation(operation: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
    place = operation["operationId"]
    for parameter in operation.get("parameters", ()):
        yield f"{place}?{parameter['name']}", parameter["schema"]
    answers = list(operation["responses"].values())
    for part in (operation.get("requestBody", {}), *answers):
        for kind, media in part.get("content", {}).items():
            yield f"{place} {kind}", media["schema"]
    for answer in answers:
        for name, header in answer.get("headers", {}).items():
            if "schema" in header:
                yield f"{place} {name}", header["schema"]


def schemas() -> dict[str, Schema]:
    roots = list(document()["components"]["schemas"].items())
    for item in document()["paths"].values():
        for operation in item.values():
            roots += of_operation(operation)
    return {place: schema for name, root in roots for place, schema in below(root, name)}


def test_every_schema_has_a_type() -> None:
    untyped = {place for place, schema in schemas().items() if not SHAPES & schema.keys()}
    assert untyped == ANYTHING


def test_no_schema_is_only_null() -> None:
    assert [place for place, schema in schemas().items() if schema.get("type") == "null"] == []


def test_no_schema_is_a_constant() -> None:
    assert [place for place, schema in schemas().items() if "const" in schema] == []


def test_enumerations_are_of_strings() -> None:
    for place, schema in schemas().items():
        if "enum" in schema:
            assert schema["type"] in ("string", ["string", "null"]), place
            assert all(
                isinstance(value, str) or (value is None and "null" in schema["type"]) for value in schema["enum"]
            )


def test_parameters_are_never_null() -> None:
    for place, schema in schemas().items():
        if "?" in place:
            assert isinstance(schema["type"], str), place
            assert None not in schema.get("enum", ()), place


def test_no_component_name_collides() -> None:
    names = document()["components"]["schemas"].keys()
    assert not names & TAKEN
    # Go's generator makes a function NewX for each X.
    assert not {name for name in names if name.startswith("New") and name.removeprefix("New") in names}


@pytest.mark.parametrize("part", ["requestBody", "responses"])
def test_request_bodies_are_named_components(part: str) -> None:
    for item in document()["paths"].values():
        for operation in item.values():
            found = [operation.get("requestBody", {})] if part == "requestBody" else operation["responses"].values()
            for body in found:
                schema = body.get("content", {}).get("application/json", {}).get("schema", {})
                if "properties" in schema:
                    assert schema["title"].isidentifier(), operation["operationId"]


def test_the_document_names_its_contact_and_licence() -> None:
    info = document()["info"]
    assert info["contact"]["url"] == document()["servers"][0]["url"]
    assert info["license"]["identifier"]
