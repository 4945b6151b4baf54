"""Every page of the console, with every role, a second account and no session (security rule 87)."""

from __future__ import annotations

import re

import pytest

from architecture.program import routes
from console.browser import Visitor
from console.conftest import NewVisitor
from harness.people import ROLES
from harness.world import World
from imports.files import run

PAGES = sorted(
    (route.method, route.path, route.handler.opt.get("session_roles"))
    for route in routes()
    if route.handler is not None and (route.handler.opt.get("session_roles") or not route.path.startswith(
        ("/api", "/.well-known", "/healthz", "/readyz", "/metrics", "/static")
    ))
)  # fmt: skip
GUARDED: list[tuple[str, str, frozenset[str]]] = [(method, path, allowed) for method, path, allowed in PAGES if allowed]


def address(template: str, world: World, *, foreign: bool = False) -> str:
    oauth = world.other_oauth if foreign else world.oauth
    person = world.other.owner if foreign else world.account.owner
    values = {
        "client_id": oauth.client_id,
        "secret_id": oauth.secret_id,
        "user_id": person.user_id,
        "session_id": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "invitation_id": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "product_id": _product(world, foreign=foreign),
        "import_id": _import(world, foreign=foreign),
        "version": "1",
        "older": "1",
        "newer": "1",
        "token": "lxginv_none",
    }
    return re.sub(r"{(\w+)(?::\w+)?}", lambda match: values[match[1]], template)


def _product(world: World, *, foreign: bool) -> str:
    owner = world.other_owner if foreign else world.owner
    found = world.api.get("/products?limit=1", bearer=owner.access).expect(200).object()["data"]
    if found:
        return str(found[0]["id"])
    body = {"sku": "P-1", "content": {"name": "Product"}}
    return str(world.api.post("/products", bearer=owner.access, json=body).expect(201).data()["id"])


def _import(world: World, *, foreign: bool) -> str:
    owner = world.other_owner if foreign else world.owner
    found = world.api.get("/imports?limit=1", bearer=owner.access).expect(200).object()["data"]
    if found:
        return str(found[0]["id"])
    return str(run(world, b"sku,name\nP-2,Product\n", by=owner)["id"])


def test_every_page_declares_its_roles() -> None:
    assert len(GUARDED) > 30
    for method, path, allowed in PAGES:
        assert allowed or path in ("/", "/sign-in", "/invitations/{token}"), (method, path)


def test_every_page_needs_a_session(world: World, new_visitor: NewVisitor) -> None:
    stranger = new_visitor()
    for method, template, _ in GUARDED:
        path = address(template, world)
        answer = stranger.get(path) if method == "GET" else stranger.post(path, [("csrf", "")])
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/sign-in"), (method, path)


def test_a_405_lists_the_methods_of_the_page(world: World, new_visitor: NewVisitor) -> None:
    """405 lists what the page takes (RFC 9110 §15.5.6): HEAD wherever GET, and OPTIONS nowhere."""
    stranger = new_visitor()
    takes: dict[str, set[str]] = {}
    for method, template, _ in PAGES:
        takes.setdefault(address(template, world), set()).update([method, "HEAD"] if method == "GET" else [method])
    for path, methods in takes.items():
        answer = stranger.http.put(path, headers={"Accept": "text/html"})
        assert answer.status_code == 405, path
        assert answer.headers["content-type"].startswith("text/html"), path
        assert set(answer.headers["allow"].split(", ")) == methods, path


@pytest.mark.parametrize("role", ROLES)
def test_every_page_enforces_its_roles(world: World, new_visitor: NewVisitor, role: str) -> None:
    visitor = new_visitor(world.person(role))
    csrf = visitor.csrf()
    for method, template, allowed in GUARDED:
        if method == "POST" and (role in allowed or template == "/sign-out"):
            continue
        path = address(template, world)
        answer = visitor.get(path) if method == "GET" else visitor.post(path, [("csrf", csrf)])
        if role in allowed:
            assert answer.status_code in (200, 303), (method, path, answer.text)
        else:
            assert answer.status_code == 403, (method, path)
            assert "Your role does not permit this" in answer.text


def test_pages_of_another_account_are_not_found(world: World, owner: Visitor) -> None:
    csrf = owner.csrf()
    for method, template, _ in GUARDED:
        if "{" not in template:
            continue
        path = address(template, world, foreign=True)
        fields = [("csrf", csrf), ("name", "X"), ("scope", "products:read"), ("overlap", "3600"), ("act", "role"),
                  ("role", "MEMBER"), ("client_secret", "lxgsec_x"), ("sku", "X"), ("revision", "1"),
                  ("sure", "yes")]  # fmt: skip
        answer = owner.get(path) if method == "GET" else owner.post(path, fields)
        if method == "GET" and answer.status_code == 303:
            answer = owner.get(answer.headers["location"])
        assert answer.status_code == 404, (method, path, answer.text)
    for path in ("/account/api-access", "/account/members", "/account/audit", "/account/refusals", "/products"):
        page = owner.get(path).text
        assert world.other_oauth.client_id not in page
        assert world.other.owner.email not in page
    refused = owner.get(f"/account/refusals?client={world.other_oauth.client_id}")
    assert "No matching request was refused" in refused.text


def test_errors_are_pages_in_the_console_and_json_in_the_api(world: World, owner: Visitor) -> None:
    missing = owner.get("/account/api-access/lxgcli_none")
    assert missing.status_code == 404
    assert missing.headers["x-request-id"] in missing.text
    assert owner.http.get("/api/v1/nothing", headers={"Accept": "text/html"}).json()["error"] == "not_found"
    assert owner.http.get("/nothing").json()["error"] == "not_found"
    assert "Page not found" in owner.get("/nothing").text
    wrong_method = owner.http.put("/account/members", headers={"Accept": "text/html"})
    assert wrong_method.status_code == 405
    assert "GET" in wrong_method.headers["allow"]
