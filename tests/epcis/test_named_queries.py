"""Named queries: views on the events of an account, by their names."""

from __future__ import annotations

from typing import Any

import pytest

from epcis.captured import CONTEXT, capture, event, find, ids_of, unique
from epcis.gs1_files import needs_vectors, vector
from harness.answers import Answer
from harness.rows import trail
from harness.world import World


def create(world: World, name: str, query: dict[str, Any], *, bearer: str = "", key: str = "") -> Answer:
    headers = [("Idempotency-Key", key)] if key else []
    body = {"name": name, "query": query}
    return world.api.request("POST", "/epcis/queries", bearer=bearer or world.owner.access, json=body, headers=headers)


def new_name() -> str:
    return unique("q").replace(":", "-").removeprefix("urn-")


def delete(world: World, name: str, bearer: str = "") -> Answer:
    return world.api.request("DELETE", f"/epcis/queries/{name}", bearer=bearer or world.owner.access)


def test_a_named_query_is_created_listed_read_used_and_deleted(world: World) -> None:
    name, epc = new_name(), unique("epc")
    query = {
        "MATCH_epc": [epc],
        "EQ_bizStep": ["shipping", "urn:epcglobal:cbv:bizstep:packing"],
        "orderBy": "eventTime",
    }
    made = create(world, name, query).expect(201)
    assert made.header("location") == f"{world.server.url}/api/v1/epcis/queries/{name}"
    assert find(world, f"/queries/{name}").json() == {"name": name, "query": query} == made.json()
    assert {"name": name, "query": query} in find(world, "/queries", perPage=500).json()
    ids = capture(world, event(epcList=[epc], bizStep="shipping"), event(epcList=[epc], bizStep="loading"))
    answer = find(world, f"/queries/{name}/events")
    assert ids_of(answer) == ids[:1]
    assert answer.json()["epcisBody"]["queryResults"]["queryName"] == name
    assert ids_of(find(world, f"/queries/{name}/events", EQ_action="ADD")) == []
    delete(world, name).expect(204)
    assert delete(world, name).status == 404
    assert find(world, f"/queries/{name}/events").status == 404
    recorded = [row.action for row in trail(world.server.database, world.account.account_id) if row.target == name]
    assert recorded == ["query.created", "query.deleted"]


def test_a_query_names_extensions_by_its_own_context(world: World) -> None:
    name, value = new_name(), unique("value")
    create(world, name, {"@context": {"mine": "https://example.com/epcis/"}, "EQ_mine:a": [value]}).expect(201)
    ids = capture(world, event(**{"ex:a": value}), event(**{"ex:a": "other"}))
    assert ids_of(find(world, f"/queries/{name}/events")) == ids[:1]
    delete(world, name).expect(204)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"EQ_nothing": ["x"]}, 400),
        ({"EQ_quantity": "x"}, 400),
        ({"EQ_bizStep": [{"a": 1}]}, 400),
        ({"EQ_bizStep": [1]}, 400),
        ({"eventCountLimit": 3}, 400),
        ({"perPage": 3}, 400),
        ({"HASATTR_ex:a": ["x"], "@context": CONTEXT}, 501),
        ({"@context": {"x": 1, "y": "no URI"}}, 400),
    ],
)
def test_a_query_is_checked_when_it_is_created(world: World, query: dict[str, Any], status: int) -> None:
    name = new_name()
    assert create(world, name, query).status == status
    assert find(world, f"/queries/{name}").status == 404


@pytest.mark.parametrize("name", ["", "a/b", "-x", "x" * 101, "ü", "a b"])
def test_a_name_is_a_segment_of_an_address(world: World, name: str) -> None:
    assert create(world, name, {}).status == 400


def test_a_name_is_taken_once_and_a_repeated_request_is_answered_from_its_record(world: World) -> None:
    name, key = new_name(), unique("key")
    create(world, name, {}, key=key).expect(201)
    again = create(world, name, {}, key=key).expect(201)
    assert again.header("idempotent-replayed") == "true"
    assert create(world, name, {}).json()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert create(world, name, {}, bearer=world.other_owner.access).status == 201
    delete(world, name).expect(204)
    assert find(world, f"/queries/{name}", bearer=world.other_owner.access).status == 200
    delete(world, name, world.other_owner.access).expect(204)


@needs_vectors
def test_every_parameter_of_the_schema_of_queries_is_known(world: World) -> None:
    """What the standard has is never an unknown parameter."""
    schema = vector("epcis-rest/query-schema.json")["definitions"]["EPCIS-Query"]["properties"]
    texts = {"eventType": "ObjectEvent", "EQ_action": "ADD", "orderBy": "eventTime", "orderDirection": "ASC"}
    for name in schema:
        if name in ("@context", "eventCountLimit"):
            continue
        value: Any = [texts.get(name, "1")] if "array" in str(schema[name]) else texts.get(name, 1)
        if "time" in str(schema[name]):
            value = "2026-01-01T00:00:00Z"
        if "boolean" in str(schema[name]):
            value = True
        if name.startswith("MATCH_"):
            value = ["urn:example:1"]
        if name.endswith("quantity"):
            value = 1
        answer = create(world, f"known.{name}", {name: value})
        assert answer.status in (201, 501), (name, answer)
        if answer.status == 201:
            delete(world, f"known.{name}").expect(204)
