"""`/account` and invitations."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from harness.client import INVITATION
from harness.clients import is_accepted
from harness.people import accept, invite, login, me, new_email, refresh, sign_in
from harness.world import World

POLICY = {"mfaRequirement", "mfaRequiredFrom", "stepUpMinutes"}
ACCOUNT_MEMBERS = {"id", "name", "slug", "gln", "securityContact", "clientLifetimeDays", "createdAt"} | POLICY
USER = {"id", "email", "name", "role", "disabled", "createdAt", "secondFactor", "hasPassword"}
EVENT = {
    "seq",
    "at",
    "action",
    "actorKind",
    "actorId",
    "target",
    "source",
    "requestId",
    "secretId",
    "details",
    "hash",
}


def test_the_account_is_shown_to_every_role(world: World) -> None:
    data = world.api.get("/account", bearer=world.session("VIEWER").access).expect(200).data()
    assert data.keys() == ACCOUNT_MEMBERS
    assert (data["id"], data["name"]) == (world.account.account_id, world.account.name)


def test_people_are_listed_with_role_and_state(world: World) -> None:
    data = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    assert all(entry.keys() == USER for entry in data)
    owner = next(entry for entry in data if entry["id"] == world.account.owner.user_id)
    assert (owner["role"], owner["disabled"]) == ("OWNER", False)
    for role in ("MEMBER", "VIEWER"):
        bearer = world.session(role).access
        world.api.get("/account/users", bearer=bearer).expect(403, "access_denied")


def test_invite_and_accept(world: World) -> None:
    email = new_email()
    answer = world.api.post("/account/users", bearer=world.owner.access, reveals=True,
                            json={"email": email, "role": "VIEWER"}).expect(201)  # fmt: skip
    data = answer.data()
    assert data.keys() == {"id", "email", "role", "expiresAt", "mailed", "replaced", "link"}
    assert (data["email"], data["role"], data["mailed"]) == (email, "VIEWER", False)
    assert data["link"].startswith(world.server.url + "/invitations/")
    assert datetime.fromisoformat(data["expiresAt"]).tzinfo is not None
    token = INVITATION.search(data["link"])
    assert token is not None
    joined = accept(world.api, token[1], world.vault.password()).expect(201).data()
    assert joined.keys() == USER
    assert (joined["email"], joined["role"]) == (email, "VIEWER")
    accept(world.api, token[1], world.vault.password()).expect(404, "not_found")


def test_invitation_errors(world: World) -> None:
    _, token = invite(world.api, world.owner, "MEMBER")
    weak = accept(world.api, token, "short").expect(422, "validation_failed")
    assert weak.object()["details"][0]["field"] == "password"
    accept(world.api, "lxginv_nonsense", world.vault.password()).expect(404, "not_found")
    body = {"email": world.account.owner.email, "role": "VIEWER"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(409, "conflict")
    body = {"email": new_email(), "role": "EMPEROR"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(422, "validation_failed")


def test_a_role_can_be_changed(world: World) -> None:
    session = world.session("MEMBER")
    path = f"/account/users/{session.person.user_id}"
    data = world.api.patch(path, bearer=world.owner.access, json={"role": "VIEWER"}).expect(200).data()
    assert data.keys() == USER
    assert data["role"] == "VIEWER"
    me(world.api, session.access).expect(401, "invalid_token")
    refresh(world.api, session.refresh).expect(401, "invalid_token")
    assert me(world.api, sign_in(world.api, session.person).access).data()["role"] == "VIEWER"


def test_a_person_can_be_disabled_and_enabled(world: World) -> None:
    session = world.session()
    path = f"/account/users/{session.person.user_id}"
    data = world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200).data()
    assert data["disabled"] is True
    me(world.api, session.access).expect(401, "invalid_token")
    login(world.api, session.person.email, session.person.password).expect(401, "invalid_credentials")
    world.api.patch(path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    login(world.api, session.person.email, session.person.password).expect(200)


def test_a_removed_person_loses_all_access(world: World) -> None:
    session = world.session()
    path = f"/account/users/{session.person.user_id}"
    world.api.delete(path, bearer=world.owner.access).expect(204)
    me(world.api, session.access).expect(401, "invalid_token")
    login(world.api, session.person.email, session.person.password).expect(401, "invalid_credentials")
    world.api.delete(path, bearer=world.owner.access).expect(404, "not_found")


def test_clients_of_a_removed_person_are_kept(world: World) -> None:
    admin = world.session("ADMIN")
    body = {"client_name": "Stays", "scope": "products:read"}
    made = world.api.post("/oauth/clients", bearer=admin.access, json=body, reveals=True).expect(201).object()
    world.api.delete(f"/account/users/{admin.person.user_id}", bearer=world.owner.access).expect(204)
    form = {key: made[key] for key in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
    token = world.api.post("/oauth/token", form=form, reveals=True).expect(200).object()["access_token"]
    assert is_accepted(world.api, token)


def test_only_an_owner_makes_an_owner(world: World) -> None:
    admin = world.session("ADMIN")
    owner = f"/account/users/{world.account.owner.user_id}"
    member = f"/account/users/{world.person().user_id}"
    for answer in (
        world.api.post("/account/users", bearer=admin.access, json={"email": new_email(), "role": "OWNER"}),
        world.api.patch(member, bearer=admin.access, json={"role": "OWNER"}),
        world.api.patch(owner, bearer=admin.access, json={"role": "ADMIN"}),
        world.api.delete(owner, bearer=admin.access),
    ):
        answer.expect(403, "access_denied")
    world.api.patch(member, bearer=world.owner.access, json={"role": "OWNER"}).expect(200)
    world.api.delete(member, bearer=world.owner.access).expect(204)


@pytest.mark.parametrize("change", [{"role": "ADMIN"}, {"disabled": True}])
def test_the_last_owner_cannot_be_removed_or_lowered(world: World, change: dict[str, object]) -> None:
    path = f"/account/users/{world.other.owner.user_id}"
    world.api.patch(path, bearer=world.other_owner.access, json=change).expect(409, "conflict")
    world.api.delete(path, bearer=world.other_owner.access).expect(409, "conflict")


def test_another_accounts_people_do_not_exist(world: World) -> None:
    path = f"/account/users/{world.other.owner.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"role": "VIEWER"}).expect(404, "not_found")
    world.api.delete(path, bearer=world.owner.access).expect(404, "not_found")


def test_audit_events_are_listed(world: World) -> None:
    for _ in range(6):
        world.new_client("products:read")
    body = world.api.get("/account/audit-events?limit=5", bearer=world.owner.access).expect(200).object()
    assert body.keys() == {"success", "data", "pagination"}
    assert body["pagination"].keys() == {"nextCursor", "hasMore", "limit"}
    assert body["pagination"]["limit"] == 5
    assert all(event.keys() == EVENT for event in body["data"])
    numbers = [event["seq"] for event in body["data"]]
    assert numbers == list(range(numbers[0], numbers[0] - 5, -1))
    assert all(re.fullmatch(r"[0-9a-f]{64}", event["hash"]) for event in body["data"])
    following = body["pagination"]["nextCursor"]
    more = world.api.get(f"/account/audit-events?limit=5&cursor={following}", bearer=world.owner.access)
    assert more.expect(200).object()["data"][0]["seq"] == numbers[-1] - 1


def test_audit_events_are_filtered_by_action(world: World) -> None:
    world.new_client("products:read")
    path = "/account/audit-events?action=client.created"
    found = world.api.get(path, bearer=world.owner.access).expect(200).data()
    assert found
    assert {event["action"] for event in found} == {"client.created"}
    world.api.get(path, bearer=world.session().access).expect(403, "access_denied")
