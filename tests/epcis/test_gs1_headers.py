"""The header fields, methods and errors of EPCIS's REST bindings are those of the OpenAPI document of GS1."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from architecture.program import edge
from epcis.documents import CAPTURE, EVENTS, JSON, document, object_event
from epcis.gs1_files import needs_vectors, vector
from harness.answers import Answer
from harness.client import Client
from harness.world import World
from linkxg.http.body_style import BodyStyle, style_of

BASE = "/api/v1/epcis"
VERSIONS = {
    "gs1-epcis-version": "2.0.0",
    "gs1-epcis-min": "2.0.0",
    "gs1-epcis-max": "2.0.0",
    "gs1-cbv-version": "2.0.0",
    "gs1-cbv-min": "2.0.0",
    "gs1-cbv-max": "2.0.0",
}
OF_ANSWERS = {"gs1-epcis-version", "gs1-cbv-version", "gs1-extensions"}
NAMES = {
    "captureID": "capture_id", "eventID": "event_id", "queryName": "query_name", "subscriptionID": "subscription_id",
    **dict.fromkeys(("eventType", "epc", "bizStep", "bizLocation", "readPoint", "disposition"), "member"),
}  # fmt: skip


def gs1_fields(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.fields if name.startswith("gs1-")}


def epcis_handlers() -> dict[str, dict[str, HTTPRouteHandler]]:
    """The handlers of each path of EPCIS by their methods, without those that Litestar adds."""
    found: dict[str, dict[str, HTTPRouteHandler]] = {}
    router = edge().inner
    assert isinstance(router, Litestar)
    for route in router.routes:
        if isinstance(route, HTTPRoute) and route.path_format.startswith(BASE):
            of_path = found.setdefault(route.path_format.removeprefix(BASE) or "/", {})
            for handler in route.route_handlers:
                if handler.fn.__module__.startswith("linkxg."):
                    of_path |= dict.fromkeys(map(str, handler.http_methods), handler)
    return found


def test_every_path_answers_options_to_callers_with_a_token() -> None:
    found = epcis_handlers()
    assert {"/capture", "/capture/{capture_id}", "/events"} <= found.keys()
    for path, handlers in found.items():
        assert handlers["OPTIONS"].opt["any_caller"], path
        assert {style_of(handler.opt) for handler in handlers.values()} == {BodyStyle.EPCIS}, path


@needs_vectors
def test_options_has_exactly_the_fields_of_the_openapi_document(world: World) -> None:
    paths = vector("epcis-rest/epcis-2.0.0-openapi.json")
    responses, shown = paths["components"]["responses"], epcis_handlers()
    checked = 0
    for path, operations in paths["paths"].items():
        ours = path
        for theirs, name in NAMES.items():
            ours = ours.replace(f"{{{theirs}}}", f"{{{name}}}")
        # Of a single subscription: `test_subscriptions`, since there is none with this id.
        if "options" not in operations or path.endswith("/{subscriptionID}"):
            continue
        assert ours in shown, path
        wanted = operations["options"]["responses"]["204"]["$ref"].rpartition("/")[2]
        address = "/epcis" + ours.replace("{", "").replace("}", "")
        answer = world.api.request("OPTIONS", address, bearer=world.owner.access).expect(204)
        expected = {name.lower() for name in responses[wanted]["headers"]}
        assert gs1_fields(answer).keys() | {"allow"} == expected, path
        checked += 1
    assert checked == sum("options" in operations for operations in paths["paths"].values()) - 1


@pytest.mark.parametrize(
    ("path", "allow"),
    [(CAPTURE, {"GET", "HEAD", "OPTIONS", "POST"}), (f"{CAPTURE}/x", {"GET", "HEAD", "OPTIONS"})],
)
def test_options_names_methods_and_versions(world: World, path: str, allow: set[str]) -> None:
    answer = world.api.request("OPTIONS", path, bearer=world.owner.access).expect(204)
    assert set((answer.header("allow") or "").split(", ")) == allow
    assert gs1_fields(answer).items() >= VERSIONS.items()


def test_options_of_the_capture_interface_announces_the_limits(world: World) -> None:
    answer = world.api.request("OPTIONS", CAPTURE, bearer=world.owner.access).expect(204)
    assert answer.header("gs1-epcis-capture-limit") == "100000"
    assert answer.header("gs1-epcis-capture-file-size-limit") == str(100 << 20)
    assert answer.header("gs1-capture-error-behaviour") == "all"


def test_answers_name_the_versions(world: World) -> None:
    bearer = world.owner.access
    content = document([object_event()])
    started = world.api.post(CAPTURE, bearer=bearer, content=content, headers=JSON).expect(202)
    single = world.api.post(EVENTS, bearer=bearer, json={"@context": [], **object_event()}).expect(201)
    listed = world.api.get(CAPTURE, bearer=bearer).expect(200)
    for answer in (started, single, listed):
        assert gs1_fields(answer).keys() >= OF_ANSWERS
        assert answer.header("gs1-epcis-version") == "2.0.0"


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("GS1-EPCIS-Version", "2.0", 200),
        ("GS1-EPCIS-Version", "2.0.1", 200),
        ("GS1-EPCIS-Version", "1.2", 406),
        ("GS1-EPCIS-Min", "1.0.0", 200),
        ("GS1-EPCIS-Min", "2.1", 406),
        ("GS1-EPCIS-Max", "2", 200),
        ("GS1-EPCIS-Max", "1.2.9", 406),
        ("GS1-CBV-Version", "3.0.0", 406),
        ("GS1-CBV-Max", "1.0", 406),
        ("GS1-EPCIS-Version", "two", 400),
        ("Accept", "application/xml", 406),
        ("Accept", "application/xml, application/json;q=0.1", 200),
        ("Accept", "application/ld+json", 200),
        ("Accept", "*/*", 200),
    ],
)
def test_versions_and_formats_that_are_not_spoken_are_refused(
    world: World, field: str, value: str, status: int
) -> None:
    answer = world.api.get(CAPTURE, bearer=world.owner.access, headers={field: value})
    assert answer.status == status
    if status == 406:
        assert answer.object()["type"] == "epcisException:NotAcceptableException"


def is_problem(answer: Answer, status: int, exception: str) -> None:
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/problem+json"
    body = answer.object()
    assert (body["type"], body["status"]) == (f"epcisException:{exception}", status)
    assert body["requestId"] == answer.header("x-request-id")
    assert {"title", "detail", "error"} <= body.keys()


def test_every_error_is_a_problem_of_the_standard(world: World, api: Client) -> None:
    bearer = world.owner.access
    reader = world.api
    is_problem(api.get(CAPTURE), 401, "SecurityException")
    assert api.get(CAPTURE).header("www-authenticate")
    is_problem(api.request("OPTIONS", CAPTURE), 401, "SecurityException")
    is_problem(api.get(f"{CAPTURE}/x", bearer=bearer), 404, "NoSuchResourceException")
    is_problem(api.get("/epcis/unknown", bearer=bearer), 404, "NoSuchResourceException")
    is_problem(api.get("/epcis/events/a/b/c", bearer=bearer), 404, "NoSuchResourceException")
    refused = reader.request("PUT", CAPTURE, bearer=bearer)
    is_problem(refused, 405, "ImplementationException")
    assert set((refused.header("allow") or "").split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    is_problem(api.get(f"{CAPTURE}?unknown=1", bearer=bearer), 400, "QueryParameterException")


def test_a_token_without_the_scope_is_refused_as_a_problem(world: World) -> None:
    token = world.token("traceability:read")
    answer = world.api.get(CAPTURE, bearer=token)
    is_problem(answer, 403, "SecurityException")
    assert 'scope="imports:write"' in (answer.header("www-authenticate") or "")
    # What a resource is, anybody with a token may ask.
    world.api.request("OPTIONS", CAPTURE, bearer=token).expect(204)


def test_other_resources_keep_their_errors(world: World) -> None:
    answer = world.api.request("OPTIONS", "/products", bearer=world.owner.access).expect(405, "method_not_allowed")
    assert answer.header("content-type") == "application/json"
    assert "OPTIONS" not in (answer.header("allow") or "")
