"""No caller reaches into another account or sets what only the server decides. Security rules 40 and 41."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import case
from harness.clients import get_token, make_client
from harness.people import Session, invite, me, sign_in
from harness.world import World


def new_product(world: World) -> str:
    """The id of a product of the first account."""
    body = {"sku": f"S-{uuid4()}", "content": {"name": "Bolt"}}
    return str(world.api.post("/products", bearer=world.owner.access, json=body).expect(201).data()["id"])


def foreign_things(world: World) -> dict[str, tuple[str, list[tuple[str, str, Any]]]]:
    """By kind: the id of a thing of the first account, and requests on it as (method, path, body)."""
    oauth = world.new_client("products:read")
    session = world.session("MEMBER")
    own_sessions = world.api.get("/auth/sessions", bearer=session.access).expect(200).data()
    client = "/oauth/clients/{}"
    return {
        "client": (
            oauth.client_id,
            [
                ("GET", client, None),
                ("PATCH", client, {"client_name": "Stolen"}),
                ("POST", client + "/rotate", None),
                ("DELETE", f"{client}/secrets/{oauth.secret_id}", None),
                ("GET", client + "/keys", None),
                ("POST", client + "/keys", {"name": "x", "jwks_uri": "https://keys.example/jwks"}),
                ("GET", client + "/trusts", None),
                ("DELETE", client, None),
            ],
        ),
        "user": (
            session.person.user_id,
            [("PATCH", "/account/users/{}", {"role": "VIEWER"}), ("DELETE", "/account/users/{}", None)],
        ),
        "session": (own_sessions[0]["id"], [("DELETE", "/auth/sessions/{}", None)]),
        "product": (
            new_product(world),
            [
                ("GET", "/products/{}", None),
                ("PATCH", "/products/{}", {"content": {"name": "Stolen"}}),
                ("POST", "/products/{}/publish", None),
                ("GET", "/products/{}/versions", None),
                ("GET", "/products/{}/versions/1", None),
                ("GET", "/products/{}/versions/1/diff/1", None),
                ("POST", "/products/{}/versions/1/withdraw", {"reason": "Stolen"}),
                ("DELETE", "/products/{}/draft", None),
                ("POST", "/products/{}/unarchive", None),
                ("DELETE", "/products/{}", None),
            ],
        ),
    }


@pytest.mark.parametrize("kind", [case(40, name, name) for name in ("client", "user", "session", "product")])
def test_resources_of_another_account_are_not_found(world: World, kind: str) -> None:
    identifier, requests = foreign_things(world)[kind]
    for method, path, body in requests:
        foreign, absent = (
            world.api.request(method, path.format(name), bearer=world.other_owner.access, json=body)
            for name in (identifier, str(uuid4()))
        )
        foreign.expect(404, "not_found")
        assert foreign.without_request_id == absent.without_request_id, "a foreign id must look like one that never was"


def test_rule_40_another_accounts_client_token_sees_nothing(world: World) -> None:
    product = new_product(world)
    token = get_token(world.api, world.other_oauth)
    world.api.get(f"/products/{product}", bearer=token).expect(404, "not_found")
    listed = world.api.get("/products", bearer=token).expect(200)
    assert product not in listed.body.decode()


def test_rule_40_lists_hold_the_own_account_only(world: World) -> None:
    mine = world.new_client("products:read")
    listed = world.api.get("/oauth/clients", bearer=world.other_owner.access).expect(200).body.decode()
    assert mine.client_id not in listed
    users = world.api.get("/account/users", bearer=world.other_owner.access).expect(200).body.decode()
    assert world.account.owner.user_id not in users
    assert world.account.owner.email not in users
    events = world.api.get("/account/audit-events", bearer=world.other_owner.access).expect(200).body.decode()
    assert world.account.owner.user_id not in events


@pytest.mark.parametrize(
    "extra",
    [
        case(41, "id", {"id": "00000000-0000-0000-0000-000000000001"}),
        case(41, "accountId", {"accountId": "{OTHER}"}),
        case(41, "account_id", {"account_id": "{OTHER}"}),
        case(41, "createdAt", {"createdAt": "2001-01-01T00:00:00Z"}),
        case(41, "revision", {"revision": 99}),
    ],
)
def test_server_managed_members_of_a_product_are_rejected(world: World, extra: dict[str, Any]) -> None:
    chosen = {name: world.other.account_id if value == "{OTHER}" else value for name, value in extra.items()}
    body = {"sku": f"S-{uuid4()}", "content": {"name": "Bolt"}, **chosen}
    answer = world.api.post("/products", bearer=world.owner.access, json=body)
    if answer.status != 201:
        answer.expect_one_of((422, "validation_failed"), (400, "invalid_request"))
        return
    made = answer.data()
    assert all(made.get(name) != value for name, value in chosen.items()), made
    world.api.get(f"/products/{made['id']}", bearer=world.owner.access).expect(200)
    world.api.get(f"/products/{made['id']}", bearer=world.other_owner.access).expect(404, "not_found")


@pytest.mark.parametrize(
    "extra",
    [
        case(41, "client_id", {"client_id": "lxgcli_stolen"}),
        case(41, "account_id", {"account_id": "{OTHER}"}),
        case(41, "created_by", {"created_by": "somebody else"}),
        case(41, "client_id_issued_at", {"client_id_issued_at": 1}),
        case(41, "last_used_at", {"last_used_at": 1}),
        case(41, "secrets", {"secrets": []}),
        case(41, "client_secret", {"client_secret": "chosen-by-the-caller"}),
    ],
)
def test_server_managed_members_of_a_client_are_rejected(world: World, extra: dict[str, Any]) -> None:
    oauth = world.new_client("products:read")
    chosen = {name: world.other.account_id if value == "{OTHER}" else value for name, value in extra.items()}
    path = f"/oauth/clients/{oauth.client_id}"
    answer = world.api.patch(path, bearer=world.owner.access, json={"client_name": "New name", **chosen})
    if answer.status != 200:
        answer.expect(400, "invalid_request")
    after = world.api.get(path, bearer=world.owner.access).expect(200).object()
    assert all(after.get(name) != value for name, value in chosen.items()), after
    get_token(world.api, oauth)


@pytest.mark.parametrize(
    "extra",
    [
        case(41, "accountId", {"accountId": "{OTHER}"}),
        case(41, "id", {"id": "00000000-0000-0000-0000-000000000001"}),
        case(41, "scopes", {"scopes": ["products:write"]}),
        case(41, "password", {"password": "chosen-by-an-admin-1"}),
    ],
)
def test_server_managed_members_of_a_person_are_rejected(world: World, extra: dict[str, Any]) -> None:
    person = world.person("VIEWER")
    chosen = {name: world.other.account_id if value == "{OTHER}" else value for name, value in extra.items()}
    answer = world.api.patch(
        f"/account/users/{person.user_id}", bearer=world.owner.access, json={"role": "VIEWER", **chosen}
    )
    if answer.status != 200:
        answer.expect_one_of((422, "validation_failed"), (400, "invalid_request"))
    session = sign_in(world.api, person)
    seen = me(world.api, session.access).expect(200).data()
    assert all(seen.get(name) != value for name, value in chosen.items()), seen
    world.api.post("/products", bearer=session.access, json={"sku": "X", "content": {"name": "Y"}}).expect(
        403, "insufficient_scope"
    )


def test_rule_41_only_an_owner_makes_an_owner(world: World) -> None:
    admin = world.session("ADMIN")
    answer = world.api.post("/account/users", bearer=admin.access, json={"email": "rise@example.test", "role": "OWNER"})
    answer.expect(403, "access_denied")
    member = world.person("MEMBER")
    for target in (member.user_id, admin.person.user_id):
        raised = world.api.patch(f"/account/users/{target}", bearer=admin.access, json={"role": "OWNER"})
        raised.expect(403, "access_denied")


@pytest.mark.parametrize("role", [case(41, name, name) for name in ("MEMBER", "VIEWER")])
def test_lower_roles_cannot_manage_people(world: World, role: str) -> None:
    session: Session = world.session(role)
    other = world.person("VIEWER")
    body = {"email": f"{uuid4()}@example.test", "role": "VIEWER"}
    for method, path, json in (
        ("POST", "/account/users", body),
        ("PATCH", f"/account/users/{other.user_id}", {"role": "ADMIN"}),
        ("PATCH", f"/account/users/{session.person.user_id}", {"role": "ADMIN"}),
        ("DELETE", f"/account/users/{other.user_id}", None),
        ("GET", "/account/audit-events", None),
    ):
        world.api.request(method, path, bearer=session.access, json=json).expect(403, "access_denied")


def test_rule_41_a_client_cannot_manage_people(world: World) -> None:
    token = get_token(world.api, make_client(world.api, world.owner))
    body = {"email": f"{uuid4()}@example.test", "role": "OWNER"}
    world.api.post("/account/users", bearer=token, json=body).expect(403, "access_denied")
    world.api.get("/account/audit-events", bearer=token).expect(403, "access_denied")


def test_rule_41_an_invitation_keeps_its_role(world: World) -> None:
    address, token = invite(world.api, world.owner, "VIEWER")
    password = world.vault.password()
    answer = world.api.post(
        f"/invitations/{token}/accept",
        json={"password": password, "role": "OWNER", "email": "other@example.test",
              "accountId": world.other.account_id},
        reveals=True,
    )  # fmt: skip
    if answer.status >= 400:
        answer.expect_one_of((422, "validation_failed"), (400, "invalid_request"))
        return
    login = world.api.post("/auth/login", json={"email": address, "password": password}, reveals=True)
    assert login.expect(200).data()["user"]["role"] == "VIEWER"
