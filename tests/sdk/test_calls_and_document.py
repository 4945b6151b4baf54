"""Every method of the client library is an operation of the OpenAPI document: path, parameters, scopes and records."""

from __future__ import annotations

import inspect
import re
import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

import linkxg_client.models
from architecture.program import document
from linkxg_client.call import Call
from linkxg_client.calls.traceability import Item
from linkxg_client.connection import API
from linkxg_client.decode import camel
from linkxg_client.resources.methods import ListMethod, Method, Resource

# Names of the records where they are not those of the document.
SCHEMAS = {
    "Change": "FeedEntry", "CompanyConnection": "ConnectionView", "EventOwner": "Owner", "ImportJob": "Job",
    "ImportFault": "JobError", "Passport": "PassportView", "Recall": "ItemRecall",
}  # fmt: skip
# A line of NDJSON, which the document does not describe.
UNDESCRIBED = {"RowResult"}
SAMPLE = "a/b?c#d"


def methods() -> dict[str, Any]:
    """The function behind each method of a resource."""
    return {
        f"{kind.__name__}.{name}": vars(member)["_call"]
        for kind in Resource.__subclasses__()
        for name, member in vars(kind).items()
        if isinstance(member, (Method, ListMethod))
    }


def sample(kind: Any, file: Path) -> Any:
    """A value for a parameter of this type."""
    if get_origin(kind) in (Union, types.UnionType):
        found = [each for each in get_args(kind) if each is not type(None)]
        return Item(gtin="09520000002176") if Item in found else file if Path in found else sample(found[0], file)
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    known: dict[Any, Any] = {str: SAMPLE, int: 1, bool: True, datetime: datetime(2026, 11, 29, tzinfo=UTC)}
    return known[kind] if kind in known else {} if "Mapping" in str(get_origin(kind)) else []


@pytest.mark.parametrize("name", methods())
def test_a_method_is_an_operation(name: str, tmp_path: Path) -> None:
    function = methods()[name]
    file = tmp_path / "products.csv"
    file.write_text("sku")
    hints = get_type_hints(function)
    given = {each: sample(hints[each], file) for each in inspect.signature(function).parameters if each != "on_sent"}
    made = function(**given)
    call: Call[Any] = made if isinstance(made, Call) else made("cursor")
    assert "?" not in call.path, "an id with other characters leaves its place in the path"
    parts = re.escape(API + call.path).replace(re.escape("a%2Fb%3Fc%23d"), r"\{\w+\}")
    # A version is a number.
    template = re.compile(re.sub(r"versions/1", r"versions/\\{\\w+\\}", parts))
    found = [item for path, item in document()["paths"].items() if template.fullmatch(path)]
    assert found, f"{name} calls {call.path}, which the document does not have"
    operation = found[0][call.method.lower()]
    declared = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    assert call.params.keys() <= declared
    scopes = {scope for way in operation["security"] for scope in way.get("oauth", ())}
    assert scopes <= set(call.scope.split()), f"{name} asks for {call.scope}, and takes {scopes}"


def records() -> list[type[Any]]:
    found: list[type[Any]] = []
    for path in sorted(Path(linkxg_client.models.__path__[0]).glob("*.py")):
        module = __import__(f"linkxg_client.models.{path.stem}", fromlist=["x"])
        members = [each for each in vars(module).values() if isinstance(each, type) and is_dataclass(each)]
        found += [each for each in members if each.__module__ == module.__name__]
    return [each for each in found if each.__name__ not in UNDESCRIBED]


@pytest.mark.parametrize("kind", records(), ids=lambda kind: kind.__name__)
def test_a_record_has_the_members_of_its_schema(kind: type[Any]) -> None:
    """A member without a default is in every answer; null and the literals are those of the schema."""
    schema = document()["components"]["schemas"][SCHEMAS.get(kind.__name__, kind.__name__)]
    hints = get_type_hints(kind)
    for each in fields(kind):
        member = each.metadata.get("name", camel(each.name))
        is_always_there = each.default is MISSING and each.default_factory is MISSING
        if is_always_there:
            assert member in schema["required"], each.name
        described = schema["properties"].get(member)
        if described is None:
            continue
        options = [hints[each.name], *get_args(hints[each.name])]
        if is_always_there:
            assert ("'null'" in str(described)) == (type(None) in options), each.name
        literals = {word for option in options if get_origin(option) is Literal for word in get_args(option)}
        words = described.get("enum") or described.get("items", {}).get("enum")
        if literals and words:
            assert literals == set(words) - {None}, each.name
