"""Traceability over HTTP: parameters, limits, representations, and who may read what."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest

from epcis.documents import captured
from epcis.gs1_files import needs_vectors, vector
from harness.answers import Answer
from harness.world import World
from linkxg.db import open_database
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import Item, ParsedEvent
from network.sharing import share, withdraw
from products.catalogue import create, new_gtin, published
from traceability.chain import T0, insert, lot, made, packed, seen, serial

GRAPH, EVENTS, STATUS, IMPACT = (
    f"/traceability/{name}" for name in ("graph", "items/events", "items/status", "impact")
)
ALL = (GRAPH, EVENTS, STATUS, IMPACT)


def capture(world: World, account_id: str, *events: ParsedEvent, record_time: int = T0) -> None:
    async def write() -> None:
        database = open_database(world.server.database.url)
        await database.open()
        try:
            await database.write(insert, account_id, events, record_time=record_time)
        finally:
            await database.close()

    asyncio.run(write())


def new_lots(count: int) -> list[Item]:
    """Lots that no other test knows of."""
    return [lot(uuid7()[-20:].replace("-", "") + str(number)) for number in range(count)]


def get(world: World, path: str, item: Item, query: str = "", **options: Any) -> Answer:
    options = {"bearer": world.owner.access} | options
    return world.api.get(f"{path}?item={quote(item.uri, safe='')}{query}", **options)


@pytest.fixture
def chain(world: World) -> list[Item]:
    """Three lots, each made of the one before, and a serial made of the last."""
    lots = new_lots(3)
    found = [*lots, serial(uuid7()[-12:])]
    events = [made([one], [other], at=number) for number, (one, other) in enumerate(itertools.pairwise(found))]
    capture(world, world.account.account_id, *events)
    return found


def ids(answer: Answer) -> set[str]:
    return {node["id"] for node in answer.expect(200).data()["nodes"]}


def uris(items: Sequence[Item]) -> set[str]:
    return {item.uri for item in items}


def test_a_graph_has_nodes_edges_and_counts(world: World, chain: list[Item]) -> None:
    found = get(world, GRAPH, chain[2]).expect(200).data()
    assert found["root"] == chain[2].uri
    assert next((node["id"], node["depth"]) for node in found["nodes"]) == (chain[2].uri, 0)
    assert {node["id"] for node in found["nodes"]} == uris(chain)
    assert found["stats"] == {"nodes": 4, "edges": 3, "maxDepth": 2, "events": 3}
    edge = found["edges"][0]
    assert edge.keys() == {"from", "to", "kind", "eventId", "eventTime", "bizStep"}
    node = next(node for node in found["nodes"] if node["id"] == chain[3].uri)
    assert (node["granularity"], node["serial"], node["gtin"]) == ("SERIAL", chain[3].serial, chain[3].gtin14)
    assert (found["truncated"], found["asOf"]) == (False, None)


def test_direction_depth_and_nodes_bound_the_graph(world: World, chain: list[Item]) -> None:
    assert ids(get(world, GRAPH, chain[1], "&direction=upstream")) == uris(chain[:2])
    assert ids(get(world, GRAPH, chain[1], "&direction=downstream&depth=1")) == uris(chain[1:3])
    assert len(ids(get(world, GRAPH, chain[1], "&maxNodes=2"))) == 2


def test_an_item_is_found_by_any_form_of_its_identifier(world: World, chain: list[Item]) -> None:
    first = chain[0]
    gtin, number = str(first.gtin14), str(first.lot)
    forms = (
        f"gtin={gtin}&lot={number}",
        f"gtin={gtin[1:]}&lot={number}",
        f"item={quote(f'https://example.com/some/path/01/{gtin}/10/{number}?x=1', safe='')}",
        f"item=urn:epc:class:lgtin:9520000.000217.{number}",
    )
    for form in forms:
        assert ids(world.api.get(f"{GRAPH}?{form}", bearer=world.owner.access)) == uris(chain)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "item=",
        "item=text",
        "item=https://id.gs1.org/01/09520000002177/10/A",
        "item=urn:epc:id:sgtin:1.2",
        "gtin=1",
        "lot=A",
        "gtin=09520000002176&item=urn:a:b",
        "item=urn:a:b&lot=A",
        "item=urn:a:b&asOf=yesterday",
        "item=urn:a:b&asOf=2026-11-27T10:00:00",
        "item=urn:a:b&asOf=0001-01-01T00:00:00%2B14:00",
        "item=urn:a:b&to=9999-12-31T23:59:59-14:00",
        "item=urn:a:b&item=urn:a:c",
        "item=urn:a:b&includeVoided=perhaps",
        "item=urn:a:b&asOff=2026-11-27T10:00:00Z",
    ],
)
def test_invalid_parameters_are_rejected(world: World, query: str) -> None:
    for path in ALL:
        world.api.get(f"{path}?{query}", bearer=world.owner.access).expect(400, "invalid_request")


@pytest.mark.parametrize("query", ["depth=0", "depth=21", "depth=x", "maxNodes=0", "maxNodes=5001", "direction=down"])
def test_limits_beyond_the_bounds_are_rejected(world: World, chain: list[Item], query: str) -> None:
    answer = get(world, GRAPH, chain[0], f"&{query}").expect(400, "invalid_request")
    assert query.partition("=")[0] in answer.object()["error_description"]


def test_an_unknown_item_and_one_of_another_account_do_not_exist(world: World, chain: list[Item]) -> None:
    for path in ALL:
        bodies = []
        for item in (chain[0], new_lots(1)[0]):
            answer = get(world, path, item, bearer=world.other_owner.access).expect(404, "not_found")
            assert "No event that you see is about this item." in answer.object()["error_description"]
            bodies.append({name: value for name, value in answer.object().items() if name != "requestId"})
        assert bodies[0] == bodies[1]


def test_a_token_without_the_scope_reads_nothing(world: World, chain: list[Item]) -> None:
    token = world.token("products:read")
    for path in ALL:
        get(world, path, chain[0], bearer=token).expect(403, "insufficient_scope")
        world.api.get(f"{path}?item=urn:a:b").expect(401, "invalid_token")
        get(world, path, chain[0], bearer=world.token("traceability:read")).expect(200)


def test_a_graph_as_csv_cannot_run_a_formula(world: World) -> None:
    """Promise of exports: a spreadsheet calculates nothing that an event brought."""
    one, other = new_lots(2)
    formula = f"=1+{uuid7()}"
    event = made([one], [other], id=formula)
    capture(world, world.account.account_id, event)
    answer = get(world, GRAPH, one, headers={"Accept": "text/csv"}).expect(200)
    assert (answer.header("content-type") or "").startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode()))
    assert (row["from"], row["to"], row["eventId"]) == (one.uri, other.uri, f"'{formula}")


def test_a_graph_as_a_document_has_the_events_that_it_was_derived_from(world: World, chain: list[Item]) -> None:
    answer = get(world, GRAPH, chain[0], "&depth=1", headers={"Accept": "application/ld+json"}).expect(200)
    assert (answer.header("content-type") or "").startswith("application/ld+json")
    document = answer.object()
    assert document["type"] == "EPCISQueryDocument"
    (event,) = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert event["type"] == "TransformationEvent"
    assert event["recordTime"].endswith("Z")


@needs_vectors
def test_a_graph_as_a_document_is_valid_by_the_schema_of_gs1_and_can_be_captured_again(world: World) -> None:
    one, other = new_lots(2)
    sent = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://example.com/"}],
        "type": "TransformationEvent",
        "eventTime": "2026-03-01T10:00:00.000Z",
        "eventTimeZoneOffset": "+01:00",
        "inputQuantityList": [{"epcClass": one.uri, "quantity": 2}],
        "outputQuantityList": [{"epcClass": other.uri, "quantity": 1}],
        "ex:large": 2**70,
    }
    made_one = world.api.post("/epcis/events", bearer=world.owner.access, json=sent).expect(201).object()
    answer = get(world, GRAPH, one, headers={"Accept": "application/ld+json"}).expect(200)
    document = answer.object()
    jsonschema_rs.validator_for(vector("epcis/EPCIS-JSON-Schema.json")).validate(document)
    (event,) = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert (event["eventID"], event["ex:large"]) == (made_one["eventID"], 2**70)
    job = captured(world, answer.body)
    assert (job["success"], job["counts"]["unchanged"]) == (True, 1)


def test_events_are_paged(world: World) -> None:
    (one,) = new_lots(1)
    capture(world, world.account.account_id, *(seen([one], at=number, step=f"step{number}") for number in range(5)))
    found: list[str] = []
    answer = get(world, EVENTS, one, "&limit=2")
    while True:
        body = answer.expect(200).object()
        found += [event["bizStep"] for event in body["data"]]
        cursor = body["pagination"]["nextCursor"]
        if cursor is None:
            break
        assert f"cursor={cursor}" in (answer.header("link") or "")
        answer = get(world, EVENTS, one, f"&limit=2&cursor={cursor}")
        get(world, EVENTS, one, f"&includeVoided=true&cursor={cursor}").expect(400, "invalid_cursor")
    assert found == [f"step{number}" for number in (4, 3, 2, 1, 0)]
    table = get(world, EVENTS, one, headers={"Accept": "text/csv"}).expect(200).body.decode()
    assert len(list(csv.DictReader(io.StringIO(table)))) == 5


def test_status_and_impact_are_answered(world: World, chain: list[Item]) -> None:
    case = Item(f"urn:test:{uuid7()}", chain[3].level)
    capture(world, world.account.account_id, packed([chain[3]], case, at=9, disposition="in_progress"))
    found = get(world, STATUS, chain[3]).expect(200).data()
    assert (found["disposition"], [one["id"] for one in found["containers"]]) == ("in_progress", [case.uri])
    impact = get(world, IMPACT, chain[0]).expect(200).data()
    assert {item["id"] for item in impact["items"]} == uris(chain)
    table = get(world, IMPACT, chain[0], headers={"Accept": "text/csv"}).expect(200).body.decode()
    assert {row["item"] for row in csv.DictReader(io.StringIO(table))} == uris(chain)


def test_nodes_have_the_own_product_with_their_gtin(world: World) -> None:
    gtin = new_gtin()
    product = create(world, gtin=gtin, name="Poplin")
    made_of = [lot("A" + uuid7()[-8:], product["gtin"]), lot("B" + uuid7()[-8:], new_gtin().zfill(14))]
    capture(world, world.account.account_id, made(made_of[:1], made_of[1:]))
    nodes = {node["id"]: node for node in get(world, GRAPH, made_of[0]).expect(200).data()["nodes"]}
    assert (nodes[made_of[0].uri]["productId"], nodes[made_of[0].uri]["productName"]) == (product["id"], "Poplin")
    assert nodes[made_of[1].uri]["productId"] is None


@pytest.mark.usefixtures("without_shares")
def test_a_partner_reads_the_graph_of_a_shared_product_and_the_owner_sees_it(world: World) -> None:
    product = published(world, gtin=new_gtin())
    yarn, *_ = new_lots(1)
    cloth = lot("C" + uuid7()[-8:], product["gtin"])
    (shirt,) = new_lots(1)
    capture(world, world.account.account_id, made([yarn], [cloth]))
    capture(world, world.other.account_id, made([cloth], [shirt]))
    ask = {"bearer": world.other_owner.access}
    assert ids(get(world, GRAPH, shirt, **ask)) == uris([shirt, cloth])
    shared = share(world, product, traceability="GRAPH", traceTiers=3)
    assert ids(get(world, GRAPH, shirt, **ask)) == uris([shirt, cloth, yarn])
    withdraw(world, shared).expect(204)
    assert ids(get(world, GRAPH, shirt, **ask)) == uris([shirt, cloth])
