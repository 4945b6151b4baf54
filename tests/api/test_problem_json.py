"""Errors are RFC 9457 problem details for callers that accept `application/problem+json`."""

from __future__ import annotations

import pytest

from harness.world import World
from products.catalogue import body

ASKED = {"Accept": "application/problem+json, application/json;q=0.5"}


def test_a_validation_error_is_served_as_problem_json_on_request(world: World) -> None:
    given = body(name="", brand="a\n")
    plain = world.api.post("/products", bearer=world.owner.access, json=given).expect(422, "validation_failed")
    answer = world.api.post("/products", bearer=world.owner.access, json=given, headers=ASKED)
    answer.expect(422, "validation_failed")
    assert answer.header("content-type") == "application/problem+json"
    problem = answer.object()
    assert problem["type"] == f"{world.server.url}/errors/validation_failed"
    assert (problem["title"], problem["status"]) == ("A field is missing or invalid.", 422)
    assert problem["detail"] == problem["error_description"]
    same = ("success", "error", "error_description", "details")
    assert {name: problem[name] for name in same} == {name: plain.object()[name] for name in same}
    assert plain.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/products", 405, "method_not_allowed"),
        ("GET", "/products", 401, "invalid_token"),
        ("POST", "/auth/login", 400, "invalid_request"),
        ("POST", "/auth/refresh", 400, "invalid_request"),
    ],
)
def test_errors_of_every_layer_are_served_as_problem_json(
    world: World, method: str, path: str, status: int, error: str
) -> None:
    answer = world.api.request(method, path, headers=ASKED).expect(status, error)
    assert answer.header("content-type") == "application/problem+json"
    assert answer.object()["status"] == status


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
def test_oauth_errors_keep_the_format_of_rfc_6749(world: World, path: str) -> None:
    answer = world.api.post(path, headers=ASKED)
    assert answer.header("content-type") == "application/json"
    assert set(answer.object()) == {"error", "error_description"}


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html"])
def test_problem_json_is_served_only_on_request(world: World, accept: str) -> None:
    answer = world.api.get("/nothing", headers={"Accept": accept}).expect(404, "not_found")
    assert answer.header("content-type") == "application/json"
