"""Every page of the console, with every role, a second account and no session (security rule 87)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from architecture.program import routes
from console.browser import Visitor
from console.conftest import NewVisitor
from epcis.documents import CONTEXT, captured, document, object_event
from harness.people import ROLES, Session
from harness.rows import execute
from harness.world import World
from imports.files import run
from linkxg.ids import uuid7
from network.connected import sent
from network.recalling import NOTICES, RECALLS, recall, received
from network.sharing import connection_of, post_share
from products.catalogue import body, complete
from races.things import GRANT, SUBSCRIPTION, insert_access_request

pytestmark = pytest.mark.any_engine

PAGES = sorted(
    (route.method, route.path, route.handler.opt.get("session_roles"))
    for route in routes()
    if route.handler is not None and (route.handler.opt.get("session_roles") or not route.path.startswith(
        ("/api", "/.well-known", "/healthz", "/readyz", "/metrics", "/scim", "/static", "/dpp", "/{slug", "/01", "/v1",
         "/sign-in/sso/{account_id}/backchannel-logout")
    ))
)  # fmt: skip
GUARDED: list[tuple[str, str, frozenset[str]]] = [(method, path, allowed) for method, path, allowed in PAGES if allowed]


_NOBODYS = "01a20900-46b1-7977-8501-b67e3b66cab2"
_made: set[tuple[str, bool]] = set()


def address(template: str, world: World, *, foreign: bool = False) -> str:
    oauth = world.other_oauth if foreign else world.oauth
    person = world.other.owner if foreign else world.account.owner
    account = (world.other if foreign else world.account).account_id
    values: dict[str, Callable[[], str]] = {
        "client_id": lambda: oauth.client_id,
        "secret_id": lambda: oauth.secret_id,
        "certificate_id": lambda: _NOBODYS,
        "user_id": lambda: person.user_id,
        "session_id": lambda: _NOBODYS,
        "invitation_id": lambda: _NOBODYS,
        "product_id": lambda: _product_for(template)(world, foreign=foreign),
        "import_id": lambda: _import(world, foreign=foreign),
        "event_id": lambda: _event(world, foreign=foreign),
        "capture_id": lambda: _capture(world, foreign=foreign),
        "query_name": lambda: _subscription(world, foreign=foreign)[0],
        "subscription_id": lambda: _subscription(world, foreign=foreign)[1],
        "version": lambda: "1",
        "older": lambda: "1",
        "newer": lambda: "1",
        "token": lambda: "lxginv_none",
        "account_id": lambda: account,
        "connection_id": lambda: _connection(world, foreign=foreign),
        "share_id": lambda: _share(world, foreign=foreign),
        "request_id": lambda: _request(world, foreign=foreign),
        "access_request_id": lambda: _passport_access(world, foreign=foreign)[0],
        "grant_id": lambda: _passport_access(world, foreign=foreign)[1],
        "unit_id": lambda: _unit(world, foreign=foreign)[1],
        "recall_id": lambda: _recall(world, foreign=foreign),
        "notice_id": lambda: _notice(world, foreign=foreign),
        "key_id": lambda: _NOBODYS,
        "trust_id": lambda: _NOBODYS,
        "token_id": lambda: _NOBODYS,
        "passkey_id": lambda: _NOBODYS,
    }
    if (account, foreign) not in _made:
        # Pages of lists have something to show, too.
        for make in values.values():
            make()
        _made.add((account, foreign))
    return re.sub(r"{(\w+)(?::\w+)?}", lambda match: values[match[1]](), template)


def _product_for(template: str) -> Callable[..., str]:
    if template.startswith("/shared"):
        return _shared_product
    if "{unit_id" in template:
        return lambda world, *, foreign: _unit(world, foreign=foreign)[0]
    return _product_with_passport if template.endswith("/passport/labels") else _product


def _product(world: World, *, foreign: bool) -> str:
    owner = _owner(world, foreign=foreign)
    found = world.api.get("/products?limit=1", bearer=owner.access).expect(200).object()["data"]
    if found:
        return str(found[0]["id"])
    body = {"sku": "P-1", "content": {"name": "Product"}}
    return str(world.api.post("/products", bearer=owner.access, json=body).expect(201).data()["id"])


def _shared_product(world: World, *, foreign: bool) -> str:
    """What the second account shares with the first; a foreign one is the first account's own."""
    if foreign:
        return _product(world, foreign=False)
    found = world.api.get("/shared/products?limit=1", bearer=world.owner.access).expect(200).object()["data"]
    if found:
        return str(found[0]["id"])
    theirs = world.other_owner.access
    made = world.api.post("/products", bearer=theirs, json=body(**complete())).expect(201).data()
    world.api.post(f"/products/{made['id']}/publish", bearer=theirs).expect(200)
    post_share(world, bearer=theirs, type="PRODUCT", productId=made["id"]).expect(201)
    return str(made["id"])


def _import(world: World, *, foreign: bool) -> str:
    owner = _owner(world, foreign=foreign)
    found = world.api.get("/imports?limit=1", bearer=owner.access).expect(200).object()["data"]
    if found:
        return str(found[0]["id"])
    return str(run(world, b"sku,name\nP-2,Product\n", by=owner)["id"])


def _event(world: World, *, foreign: bool) -> str:
    """Its id is the address, too, for it has no slash."""
    name = "theirs" if foreign else "ours"
    event = object_event(f"urn:uuid:00000000-0000-4000-8000-{world.account.account_id[-10:]}{len(name):02d}")
    bearer = _owner(world, foreign=foreign).access
    answer = world.api.post("/epcis/events", bearer=bearer, json=event | {"@context": [CONTEXT]})
    assert answer.status in (201, 409), answer.body
    return str(event["eventID"])


def _capture(world: World, *, foreign: bool) -> str:
    owner = _owner(world, foreign=foreign)
    found = world.api.get("/epcis/capture?perPage=1", bearer=owner.access).expect(200).json()
    return str(found[0]["captureID"] if found else captured(world, document([object_event()]), by=owner)["captureID"])


def _subscription(world: World, *, foreign: bool) -> tuple[str, str]:
    """A query of this account alone, and its subscription, which has failed with a delivery."""
    owner, name = _owner(world, foreign=foreign), "theirs" if foreign else "ours"
    path = f"/epcis/queries/{name}/subscriptions"
    if world.api.get(f"/epcis/queries/{name}", bearer=owner.access).status == 404:
        world.api.post("/epcis/queries", bearer=owner.access, json={"name": name, "query": {}}).expect(201)
        made = world.api.post(path, bearer=owner.access, json=SUBSCRIPTION).expect(201).object()
        execute(
            world.server.database,
            f"update epcis_subscriptions set state = 'FAILED', delivery_id = '{uuid7()}', last_error = 'It answered "
            f"500.', attempts = 16 where id = '{made['subscriptionID']}'",
        )
    return name, str(world.api.get(path, bearer=owner.access).expect(200).json()[0]["subscriptionID"])


def _product_with_passport(world: World, *, foreign: bool) -> str:
    owner = _owner(world, foreign=foreign)
    made = world.api.post("/products", bearer=owner.access, json=body(**complete())).expect(201).data()
    world.api.post(f"/products/{made['id']}/publish", bearer=owner.access).expect(200)
    return str(made["id"])


def _unit(world: World, *, foreign: bool) -> tuple[str, str]:
    """A product, and the passport of an item of it."""
    owner = _owner(world, foreign=foreign)
    account = (world.other if foreign else world.account).account_id
    sql = f"select product_id, id from passports where account_id = '{account}' and serial = 'PERMISSION'"
    if found := execute(world.server.database, sql):
        return found[0][0], found[0][1]
    product = _product_with_passport(world, foreign=foreign)
    given = {"passports": [{"serial": "PERMISSION"}]}
    made = world.api.post(f"/products/{product}/passports", bearer=owner.access, json=given).expect(201).data()
    return product, str(made[0]["id"])


def _passport_access(world: World, *, foreign: bool) -> tuple[str, str]:
    """A request for access to a passport of this account, and a grant of it."""
    owner = _owner(world, foreign=foreign)
    asked = world.api.get("/dpp/access-requests?limit=1", bearer=owner.access).expect(200).object()["data"]
    granted = world.api.get("/dpp/grants?limit=1", bearer=owner.access).expect(200).object()["data"]
    if not asked or not granted:
        made = world.api.post("/products", bearer=owner.access, json=body(**complete())).expect(201).data()
        published = world.api.post(f"/products/{made['id']}/publish", bearer=owner.access).expect(200).data()
        passport = str(published["dpp"]["id"])
        account = (world.other if foreign else world.account).account_id
        insert_access_request(world, passport, account)
        path = f"/dpp/{passport}/grants"
        world.api.post(path, bearer=owner.access, json=GRANT, reveals=True).expect(201)
        return _passport_access(world, foreign=foreign)
    return str(asked[0]["id"]), str(granted[0]["id"])


def _owner(world: World, *, foreign: bool) -> Session:
    return world.other_owner if foreign else world.owner


def _connection(world: World, *, foreign: bool) -> str:
    """A connection of the first account; a foreign one is an invitation of the second."""
    if not foreign:
        return connection_of(world)
    account = world.other.account_id
    found = execute(
        world.server.database,
        f"select id from connections where account_id = '{account}' and invitee = 'nobody' and invited_at = 1",
    )
    if found:
        return found[0][0]
    connection = uuid7()
    execute(
        world.server.database,
        "insert into connections (account_id, id, direction, status, relationship, invitee, invited_at, "
        f"expires_at) values ('{account}', '{connection}', 'OUTGOING', 'PENDING', 'PARTNER', 'nobody', 1, {2**41})",
    )
    return connection


def _share(world: World, *, foreign: bool) -> str:
    owner, connection = _owner(world, foreign=foreign), connection_of(world)
    found = world.api.get(f"/connections/{connection}/shares?limit=1", bearer=owner.access).expect(200).object()["data"]
    made = (
        found[0]
        if found
        else post_share(world, bearer=owner.access, type="CATEGORY", category="none").expect(201).data()
    )
    return str(made["id"])


def _request(world: World, *, foreign: bool) -> str:
    """A request to the first account; a foreign one is of the second to itself."""
    if not foreign:
        waiting = "/requests?direction=INCOMING&status=PENDING&limit=1"
        listed = world.api.get(waiting, bearer=world.owner.access).expect(200).object()["data"]
        return str((listed[0] if listed else sent(world, gtin="4006381333931"))["id"])
    request, other = uuid7(), world.other.account_id
    found = execute(
        world.server.database,
        f"select id from share_requests where requester_id = account_id and account_id = '{other}'",
    )
    if found:
        return found[0][0]
    execute(
        world.server.database,
        "insert into share_requests (account_id, id, requester_id, connection_id, type, subject, purpose, status, "
        f"created_at) values ('{other}', '{request}', '{other}', '{uuid7()}', 'PRODUCT', 'gtin:04006381333931', "
        "'For our label.', 'PENDING', 1)",
    )
    return request


def _recall(world: World, *, foreign: bool) -> str:
    owner = _owner(world, foreign=foreign)
    found = world.api.get(f"{RECALLS}?limit=1", bearer=owner.access).expect(200).object()["data"]
    return str((found[0] if found else recall(world, owner, _owner(world, foreign=not foreign)))["id"])


def _notice(world: World, *, foreign: bool) -> str:
    """A notice to the first account that it has not acknowledged; a foreign one is to the second."""
    owner = _owner(world, foreign=foreign)
    found = world.api.get(f"{NOTICES}?waiting=true&limit=1", bearer=owner.access).expect(200).object()["data"]
    return str((found[0] if found else received(world, _owner(world, foreign=not foreign), owner))["id"])


OPEN_PAGES = {
    "/", "/sign-in", "/sign-in/code", "/sign-in/forgotten-password", "/sign-in/set-up", "/sign-up", "/sign-up/{token}",
    "/password-reset", "/password-reset/{token}", "/email-changes/{token}", "/sign-in/sso",
    "/sign-in/sso/{account_id}/callback", "/invitations/{token}",
    "/connections/invitations/{token}",
}  # fmt: skip


def test_every_page_declares_its_roles() -> None:
    assert len(GUARDED) > 30
    for method, path, allowed in PAGES:
        assert allowed or path in OPEN_PAGES, (method, path)


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
        if role in allowed and ("{passkey_id}" in template or "{token_id}" in template):
            # Nobody has one here: tests/browser/test_passkeys and test_provisioning_page make some.
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
