"""A query that is wrong, too large or not supported is refused, and the answer names the parameter."""

from __future__ import annotations

from typing import Any

import pytest

from epcis.captured import EXTENSIONS, capture, event, find, ids_of, unique
from harness.answers import Answer
from harness.world import World


def refused(answer: Answer, status: int, exception: str, name: str) -> None:
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"epcisException:{exception}"
    assert name in body["detail"], body


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EQ_bizstep", "shipping"),
        ("eventtype", "ObjectEvent"),
        ("EQ_nothing", "1"),
        ("MATCH_nothing", "urn:x:y"),
        ("GT_eventTime", "2026-01-01T00:00:00Z"),
        ("EQ_bizStep", ""),
        ("eventType", "ObjectEvents"),
        ("EQ_action", "add"),
        ("GE_eventTime", "2026-01-01"),
        ("GE_eventTime", "2026-01-01T00:00:00"),
        ("GE_eventTime", "2026-02-30T00:00:00Z"),
        ("GE_eventTime", "2026-01-01T00:00:00Z|2026-01-02T00:00:00Z"),
        ("EQ_quantity", "one"),
        ("EQ_quantity", "NaN"),
        ("EQ_quantity", "1e400"),
        ("GT_quantity", "1|2"),
        ("EQ_booleanValue", "yes"),
        ("EXISTS_errorDeclaration", "perhaps"),
        ("MATCH_epc", "https://id.gs1.org/01/04012345123457/21/A"),
        ("MATCH_epc", "urn:epc:id:sgtin:1.2.3"),
        ("orderBy", "quantity"),
        ("orderBy", "eventTime|recordTime"),
        ("orderDirection", "DOWN"),
        ("eventCountLimit", "0"),
        ("maxEventCount", "1.5"),
        ("perPage", "501"),
        ("perPage", "0"),
        ("nextPageToken", "made-up"),
        ("EQ_unknown:field", "1"),
    ],
)
def test_a_wrong_parameter_is_an_error_that_names_it(world: World, name: str, value: str) -> None:
    refused(find(world, **{name: value}), 400, "QueryParameterException", name)


@pytest.mark.parametrize(
    "name", ["HASATTR_ex:field", "EQATTR_ex:field_ex:attribute", "EQ_ATTR_ex:a_ex:b", "GE_percRank"]
)
def test_a_parameter_of_the_standard_that_is_not_supported_is_501(world: World, name: str) -> None:
    refused(find(world, headers=[EXTENSIONS], **{name: "1"}), 501, "ImplementationException", name)


def test_a_limit_needs_an_order_and_excludes_the_other_limit(world: World) -> None:
    both: Any = {"eventCountLimit": 1, "maxEventCount": 1, "orderBy": "eventTime"}
    refused(find(world, **both), 400, "QueryParameterException", "eventCountLimit")
    refused(find(world, eventCountLimit=1), 400, "QueryParameterException", "eventCountLimit")


def test_more_events_than_the_query_allows_is_413(world: World) -> None:
    epc = unique("epc")
    capture(world, *(event(epcList=[epc]) for _ in range(3)))
    refused(find(world, MATCH_epc=epc, maxEventCount=2), 413, "QueryTooLargeException", "maxEventCount")
    assert len(ids_of(find(world, MATCH_epc=epc, maxEventCount=3))) == 3
    assert len(ids_of(find(world, MATCH_epc=epc, maxEventCount=3, perPage=1))) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"EQ_bizStep": ["x"] * 201},
        {f"EQ_bizTransaction_t{number}": "x" for number in range(51)},
        {"EQ_bizStep": "x" * 2_001},
    ],
    ids=["values", "parameters", "length"],
)
def test_too_many_parameters_or_values_are_rejected(world: World, query: dict[str, Any]) -> None:
    found = find(world, **query)
    assert found.status == 400, found
    assert found.json()["type"] == "epcisException:QueryParameterException"


@pytest.mark.parametrize("query", ["EQ_bizStep=%zz", "EQ_bizStep=%ff", "%00=1", "perPage=1&perPage=2"])
def test_a_malformed_query_is_400(world: World, query: str) -> None:
    answer = world.api.request("GET", f"/epcis/events?{query}", bearer=world.owner.access)
    assert answer.status == 400, answer
    assert answer.json()["type"] == "epcisException:QueryParameterException"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/epcis/queries", {"query": {}}, "name"),
        ("/epcis/queries", {"name": 5, "query": {}}, "name"),
        ("/epcis/queries", {"name": "x", "query": {}, "more": 1}, ""),
        ("/epcis/queries/x/subscriptions", {"stream": True}, "dest"),
        ("/epcis/queries/x/subscriptions", {"dest": "https://example.com/", "stream": "yes"}, "stream"),
    ],
)
def test_a_body_of_the_wrong_shape_is_400_as_the_standard_has_it(
    world: World, path: str, body: dict[str, Any], field: str
) -> None:
    """EPCIS 2.0 names 400 for what is not valid, and 422 nowhere."""
    answer = world.api.post(path, bearer=world.owner.access, json=body)
    refused(answer, 400, "ValidationException", field)
    assert [one["field"] for one in answer.json()["details"]] == [field]


def test_lists_are_separated_by_pipes_or_repeated_and_a_comma_is_data(world: World) -> None:
    """EPCIS 2.0 §8.2.7.1: a comma may be part of a URI."""
    epc = unique("epc")
    ids = capture(world, *(event(epcList=[epc], bizStep=step) for step in ("packing", "loading", "shipping")))
    path = f"/epcis/events?MATCH_epc={epc}"

    def found(query: str) -> set[str]:
        return set(ids_of(world.api.request("GET", path + query, bearer=world.owner.access)))

    assert found("&EQ_bizStep=packing%7Cloading") == set(ids[:2])
    assert found("&EQ_bizStep=packing&EQ_bizStep=shipping") == {ids[0], ids[2]}
    assert found("&EQ_bizStep=packing,loading") == set()


def test_what_is_not_found_is_404(world: World) -> None:
    for path in ("/events/urn%3Anobody", "/bizSteps/nothing", "/epcs/urn%3Anobody%3A1/events", "/eventTypes/Nothing"):
        refused(find(world, path), 404, "NoSuchResourceException", "")
    refused(find(world, "/queries/nothing"), 404, "NoSuchNameException", "")


def test_events_need_a_token_with_the_scope(world: World) -> None:
    assert world.api.request("GET", "/epcis/events").json()["type"] == "epcisException:SecurityException"
    without = find(world, bearer=world.token("products:read"))
    refused(without, 403, "SecurityException", "traceability:read")
    assert "insufficient_scope" in (without.header("www-authenticate") or "")
    assert find(world, bearer=world.token("traceability:read")).status == 200
