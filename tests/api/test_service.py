"""Health, methods, unknown paths, and the shape of every error."""

from __future__ import annotations

import re

import httpx
import pytest

from architecture.program import routes
from harness.people import logout
from harness.raw_http import request_bytes, send_raw
from harness.world import World

METHODS = {
    "/products": "GET, HEAD, POST",
    "/account": "GET, HEAD, PATCH",
    "/auth/login": "POST",
    "/auth/refresh": "POST",
    "/oauth/token": "POST",
    "/oauth/clients": "GET, HEAD, POST",
    "/oauth/clients/x": "GET, HEAD, PATCH, DELETE",
    "/oauth/clients/x/rotate": "POST",
    "//healthz": "GET, HEAD",
    "//.well-known/jwks.json": "GET, HEAD",
}


def test_healthz_answers(world: World) -> None:
    assert world.api.get("//healthz").expect(200).object() == {"status": "ok"}


def test_readyz_answers(world: World) -> None:
    assert world.api.get("//readyz").expect(200).object()["status"] == "ready"


def test_metrics_are_served_to_loopback(world: World) -> None:
    answer = world.api.get("//metrics").expect(200)
    assert (answer.header("content-type") or "").startswith("text/plain")
    assert b"linkxg_requests_total" in answer.body


@pytest.mark.parametrize(
    "path",
    ["//nope", "/nope", "//api", "//api/v1", "/oauth/x", "/oauth/token/x", "/account/users/x/y", "//schema"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_unknown_paths_are_not_found_for_any_caller(world: World, method: str, path: str) -> None:
    world.api.request(method, path).expect(404, "not_found")
    world.api.request(method, path, bearer=world.owner.access).expect(404, "not_found")


@pytest.mark.any_engine
def test_a_refused_grant_is_counted_under_its_own_type(world: World) -> None:
    def count(grant: str, outcome: str) -> float:
        text = world.api.get("//metrics").expect(200).body.decode()
        found = re.search(rf'^linkxg_tokens_total{{grant="{grant}",outcome="{outcome}"}} (\S+)$', text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    cases = [
        ({"scope": "nonsense"}, "client_credentials", "invalid_scope"),
        ({"grant_type": "authorization_code"}, "other", "unsupported_grant_type"),
        ({"grant_type": ""}, "other", "invalid_request"),
    ]
    for change, grant, outcome in cases:
        before = count(grant, outcome)
        world.api.post("/oauth/token", form=world.oauth.form | change).expect(400, outcome)
        assert count(grant, outcome) > before, change
    text = world.api.get("//metrics").expect(200).body.decode()
    assert 'grant="authorization_code"' not in text, "a caller names no time series"


def _names(listed: str | None) -> set[str]:
    return {name.strip() for name in (listed or "").split(",")}


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "TRACE", "PROPFIND"])
def test_a_405_lists_the_allowed_methods(world: World, method: str, path: str) -> None:
    answer = world.api.request(method, path).expect(405, "method_not_allowed")
    assert _names(answer.header("allow")) == _names(METHODS[path])
    assert answer.values("access-control-allow-origin") == []


@pytest.mark.any_engine
def test_options_lists_the_methods_of_every_path(world: World) -> None:
    declared: dict[str, set[str]] = {}
    for route in routes():
        methods = declared.setdefault(route.path, set())
        methods |= {route.method} | ({"HEAD"} if route.method == "GET" else set())
    wrong = {}
    stranger = httpx.Client(headers={"Accept": "text/html"}, trust_env=False)
    for path, methods in declared.items():
        if path.startswith("/api/v1/epcis"):
            # Its routes answer it; `routes` leaves it out, because Litestar adds it to all.
            methods.add("OPTIONS")
        place = world.server.url + re.sub(r"\{[^}]*\}", "1", path)
        undeclared = [method for method in ("PUT", "POST", "PATCH", "DELETE") if method not in methods]
        if not undeclared:
            continue
        answer = stranger.request(undeclared[0], place)
        if answer.status_code != 405 or _names(answer.headers.get("allow")) != methods:
            wrong[path] = answer.headers.get("allow")
    stranger.close()
    assert not wrong


@pytest.mark.parametrize("path", [path for path, methods in METHODS.items() if "GET" not in methods])
def test_head_is_refused_where_get_is(world: World, path: str) -> None:
    answer = world.api.request("HEAD", path)
    assert answer.status == 405
    assert _names(answer.header("allow")) == _names(METHODS[path])


@pytest.mark.parametrize("path", ["/account", "/auth/me", "//healthz", "//.well-known/oauth-authorization-server"])
def test_head_is_get_without_the_content(world: World, path: str) -> None:
    full = world.api.get(path, bearer=world.owner.access).expect(200)
    head = world.api.request("HEAD", path, bearer=world.owner.access)
    assert head.status == 200
    assert head.header("content-length") == str(len(full.body))
    target = path[1:] if path.startswith("//") else f"/api/v1{path}"
    fields = [("Authorization", f"Bearer {world.owner.access}")]
    raw = send_raw(world.api, request_bytes(world.api, "HEAD", target, fields))
    assert raw is not None
    assert raw.body == b""


def test_head_needs_the_same_authorisation_as_get(world: World) -> None:
    assert world.api.request("HEAD", "/account").status == 401


def test_resource_errors_have_a_flat_body(world: World) -> None:
    answer = world.api.get("/account").expect(401, "invalid_token")
    body = answer.object()
    assert body.keys() == {"success", "error", "error_description", "requestId"}
    assert body["requestId"] == answer.header("x-request-id")


def test_oauth_errors_have_two_members(world: World) -> None:
    for answer in (
        world.api.get("/oauth/clients"),
        world.api.post("/oauth/clients", bearer=world.owner.access, json={}),
        world.api.request("PUT", "/oauth/token"),
    ):
        assert answer.object().keys() == {"error", "error_description"}


def test_validation_details_name_fields(world: World) -> None:
    answer = world.api.post("/account/users", bearer=world.owner.access, json={"email": 1})
    body = answer.expect(422, "validation_failed").object()
    assert [detail.keys() for detail in body["details"]] == [{"field", "code", "message"}]
    assert body["details"][0]["field"] == "email"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "error"),
    [
        ("text/plain", b'{"email": "a@example.test"}', 415, "unsupported_media_type"),
        ("application/json", b"", 400, "invalid_request"),
        ("application/json", b"{", 400, "invalid_request"),
        ("application/json", b'{"email": "a@example.test", "email": "b@example.test"}', 400, "invalid_request"),
        ("application/json", b"[]", 422, "validation_failed"),
        ("application/json", b'{"email": "' + b"x" * 300_000 + b'"}', 413, "payload_too_large"),
    ],
)
def test_malformed_bodies_are_rejected(world: World, content_type: str, body: bytes, status: int, error: str) -> None:
    headers = {"Content-Type": content_type}
    answer = world.api.post("/account/users", bearer=world.owner.access, content=body, headers=headers)
    answer.expect(status, error)


def test_the_caller_is_authenticated_before_the_body_is_read(world: World) -> None:
    headers = {"Content-Type": "text/plain"}
    world.api.post("/account/users", content=b"{", headers=headers).expect(401, "invalid_token")


def test_the_request_id_is_generated_by_the_server(world: World) -> None:
    session = world.session()
    answer = world.api.get("/auth/me", bearer=session.access, headers={"X-Request-Id": "chosen-by-me"}).expect(200)
    assert answer.header("x-request-id") != "chosen-by-me"
    logout(world.api, session.access).expect(200)
