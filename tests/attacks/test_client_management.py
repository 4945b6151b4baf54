"""Who may create, change and delete OAuth clients, and with which scopes. Security rules 87 and 90 to 93."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import alive, case
from harness.answers import Answer
from harness.clients import (
    create_client,
    get_token,
    is_accepted,
    make_client,
    request_token,
    rotate,
    with_secret,
)
from harness.world import World


def clients_of(world: World) -> list[dict[str, Any]]:
    """The account's clients as the list shows them, page after page."""
    entries: list[dict[str, Any]] = []
    query = "limit=200"
    while True:
        page = world.api.get(f"/oauth/clients?{query}", bearer=world.owner.access).expect(200).object()
        entries += page["clients"]
        if page["next_cursor"] is None:
            return entries
        query = f"limit=200&cursor={page['next_cursor']}"


@pytest.mark.parametrize("role", [case(87, name, name) for name in ("MEMBER", "VIEWER")])
def test_lower_roles_manage_no_clients(world: World, role: str) -> None:
    session = world.session(role)
    path = f"/oauth/clients/{world.oauth.client_id}"
    for method, target, body in (
        ("POST", "/oauth/clients", {"client_name": "X", "scope": "products:read"}),
        ("GET", "/oauth/clients", None),
        ("GET", path, None),
        ("PATCH", path, {"client_name": "X"}),
        ("POST", f"{path}/rotate", None),
        ("DELETE", f"{path}/secrets/{world.oauth.secret_id}", None),
        ("GET", f"{path}/keys", None),
        ("POST", f"{path}/keys", {"name": "x", "jwks_uri": "https://keys.example/jwks"}),
        ("GET", f"{path}/trusts", None),
        ("DELETE", path, None),
    ):
        world.api.request(method, target, bearer=session.access, json=body).expect(403, "access_denied")
    assert alive(world, world.oauth)


def test_rule_87_an_admin_manages_clients(world: World) -> None:
    admin = world.session("ADMIN")
    oauth = make_client(world.api, admin, "products:read")
    renewed = with_secret(oauth, rotate(world.api, oauth, admin.access).expect(200))
    assert alive(world, renewed)
    path = f"/oauth/clients/{oauth.client_id}"
    assert world.api.delete(path, bearer=admin.access).status in {200, 204}
    assert not alive(world, renewed)


def test_rule_87_a_client_manages_no_clients(world: World) -> None:
    token = get_token(world.api, world.oauth)
    for method, path, body in (
        ("POST", "/oauth/clients", {"client_name": "X", "scope": "products:read"}),
        ("GET", "/oauth/clients", None),
        ("PATCH", f"/oauth/clients/{world.oauth.client_id}", {"scope": "products:read"}),
        ("DELETE", f"/oauth/clients/{world.oauth.client_id}", None),
    ):
        world.api.request(method, path, bearer=token, json=body).expect(403, "access_denied")


def test_rule_87_deletion_kills_tokens_and_secrets(world: World) -> None:
    oauth = world.new_client("products:read")
    token = get_token(world.api, oauth)
    path = f"/oauth/clients/{oauth.client_id}"
    assert world.api.delete(path, bearer=world.owner.access).status in {200, 204}
    assert not is_accepted(world.api, token)
    request_token(world.api, oauth).expect(401, "invalid_client")
    world.api.get(path, bearer=world.owner.access).expect(404, "not_found")
    rotate(world.api, oauth, world.owner.access).expect(404, "not_found")


def test_rule_87_disabling_kills_tokens_and_enabling_revives_no_token(world: World) -> None:
    oauth = world.new_client("products:read")
    token = get_token(world.api, oauth)
    path = f"/oauth/clients/{oauth.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    assert not is_accepted(world.api, token)
    assert not alive(world, oauth)
    world.api.patch(path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    assert alive(world, oauth)
    assert not is_accepted(world.api, token)


def test_rule_90_a_retried_creation_makes_one_client(world: World) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"client_name": f"Retry {uuid4()}", "scope": "products:read"}

    def create(**options: Any) -> Answer:
        return world.api.post("/oauth/clients", bearer=world.owner.access, headers=headers, json=body,
                              reveals=True, **options).expect(201)  # fmt: skip

    first, again = create(), create(repeats=True)
    assert again.object()["client_id"] == first.object()["client_id"]
    assert again.object()["client_secret"] == first.object()["client_secret"]
    names = [entry["client_name"] for entry in clients_of(world)]
    assert names.count(body["client_name"]) == 1


def test_rule_90_a_key_belongs_to_one_request(world: World) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    for name, expected in (("One", 201), ("Two", 422)):
        answer = world.api.post("/oauth/clients", bearer=world.owner.access, headers=headers, reveals=True,
                                json={"client_name": name, "scope": "products:read"})  # fmt: skip
        assert answer.status == expected, answer
    # Another person with the same key meets neither the answer nor its secret.
    admin = world.session("ADMIN")
    other = world.api.post("/oauth/clients", bearer=admin.access, headers=headers, reveals=True,
                           json={"client_name": "One", "scope": "products:read"})  # fmt: skip
    other.expect_one_of((201, None), (422, "idempotency_key_reused"))


@pytest.mark.parametrize(
    "scope",
    [
        case(91, "unknown", "products:admin"),
        case(91, "star", "*"),
        case(91, "one unknown of two", "products:read everything"),
        case(91, "other case", "PRODUCTS:READ"),
        case(91, "list", ["products:read"]),
        case(91, "number", 1),
        case(91, "tab", "products:read\tdpp:read"),
        case(91, "quote", '"products:read"'),
    ],
)
def test_unknown_scopes_cannot_be_granted(world: World, scope: Any) -> None:
    create_client(world.api, world.owner, scope).expect_one_of((400, "invalid_scope"), (400, "invalid_request"))
    path = f"/oauth/clients/{world.new_client('products:read').client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"scope": scope}).expect_one_of(
        (400, "invalid_scope"), (400, "invalid_request")
    )


@pytest.mark.parametrize(
    "body",
    [
        case(87, "no name", {"scope": "products:read"}),
        case(87, "no scope", {"client_name": "X"}),
        case(87, "empty name", {"client_name": "", "scope": "products:read"}),
        case(87, "long name", {"client_name": "n" * 5000, "scope": "products:read"}),
        case(87, "NUL in name", {"client_name": "a\u0000b", "scope": "products:read"}),
        case(87, "escape in name", {"client_name": "a\u001b[31m", "scope": "products:read"}),
        case(87, "name is a number", {"client_name": 1, "scope": "products:read"}),
        case(87, "bad range", {"client_name": "X", "scope": "products:read", "allowed_cidrs": ["a/b"]}),
        case(87, "range is text",
             {"client_name": "X", "scope": "products:read", "allowed_cidrs": "10.0.0.0/8"}),
        case(87, "too many ranges",
             {"client_name": "X", "scope": "products:read", "allowed_cidrs": ["10.0.0.0/8"] * 5000}),
        case(87, "flag is text", {"client_name": "X", "scope": "products:read", "self_rotation": "no"}),
        case(93, "expiry is text", {"client_name": "X", "scope": "products:read", "expires_at": "soon"}),
        case(93, "expiry in the past", {"client_name": "X", "scope": "products:read", "expires_at": 1000}),
        case(93, "expiry is negative", {"client_name": "X", "scope": "products:read", "expires_at": -5}),
        case(93, "expiry beyond time", {"client_name": "X", "scope": "products:read", "expires_at": 10**18}),
        case(93, "expiry is true", {"client_name": "X", "scope": "products:read", "expires_at": True}),
    ],
)  # fmt: skip
def test_malformed_clients_are_refused(world: World, body: Any) -> None:
    answer = world.api.post("/oauth/clients", bearer=world.owner.access, json=body)
    answer.expect_one_of((400, "invalid_request"), (400, "invalid_scope"))


def test_rule_92_a_secret_is_never_shown_again(world: World) -> None:
    """The client holds every answer against the vault; here every place that could show it is asked."""
    oauth = world.new_client("products:read")
    path = f"/oauth/clients/{oauth.client_id}"
    for answer in (
        world.api.get(path, bearer=world.owner.access),
        world.api.get("/oauth/clients", bearer=world.owner.access),
        world.api.patch(path, bearer=world.owner.access, json={"client_name": "Other"}),
        world.api.get("/account/audit-events", bearer=world.owner.access),
    ):
        assert answer.status == 200, answer
        assert oauth.client_secret.encode() not in answer.body
    entry = world.api.get(path, bearer=world.owner.access).object()["secrets"][0]
    assert entry.keys() == {"id", "hint", "created_at", "expires_at", "last_used_at", "last_used_ip"}
    assert len(entry["hint"].strip(".\u2026*")) <= 12


def test_rule_93_answers_name_the_expiry(world: World) -> None:
    body = create_client(world.api, world.owner, "products:read").expect(201).object()
    assert body["client_secret_expires_at"] == 0
    oauth = world.new_client("products:read")
    assert rotate(world.api, oauth, world.owner.access).expect(200).object()["client_secret_expires_at"] == 0


def test_rule_87_a_hostile_client_name_is_stored_and_returned_as_text(world: World) -> None:
    name = "<script>alert(1)</script> {{7*7}} ${7*7} %n \u202e \u05d0"
    answer = world.api.post("/oauth/clients", bearer=world.owner.access, reveals=True,
                            json={"client_name": name, "scope": "products:read"})  # fmt: skip
    if answer.status == 201:
        path = f"/oauth/clients/{answer.object()['client_id']}"
        assert world.api.get(path, bearer=world.owner.access).expect(200).object()["client_name"] == name
    else:
        answer.expect(400, "invalid_request")


def test_the_last_owner_cannot_be_removed(world: World) -> None:
    owner = world.other.owner
    path = f"/account/users/{owner.user_id}"
    bearer = world.other_owner.access
    for answer in (
        world.api.patch(path, bearer=bearer, json={"role": "ADMIN"}),
        world.api.patch(path, bearer=bearer, json={"disabled": True}),
        world.api.delete(path, bearer=bearer),
    ):
        answer.expect(409, "conflict")
    world.api.get("/auth/me", bearer=bearer).expect(200)
