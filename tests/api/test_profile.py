"""What people say of themselves, the security contact, and the default lifetime of secrets."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pytest

from harness.answers import Answer
from harness.people import accept, invite
from harness.world import World

DAY = 86_400


def change(world: World, access: str, **values: Any) -> Answer:
    return world.api.patch("/auth/me", bearer=access, json=values)


def test_people_choose_name_language_and_time_zone(world: World) -> None:
    session = world.session("VIEWER")
    before = world.api.get("/auth/me", bearer=session.access).expect(200).data()
    assert (before["name"], before["language"], before["timeZone"], before["emailChange"]) == (None,) * 4
    changed = change(world, session.access, name=" Zoë Weaver ", language="de-ch", timeZone="Europe/Zurich").expect(200)
    assert changed.data()["name"] == "Zoë Weaver"
    assert (changed.data()["language"], changed.data()["timeZone"]) == ("de-CH", "Europe/Zurich")
    listed = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    assert next(one["name"] for one in listed if one["id"] == session.person.user_id) == "Zoë Weaver"
    after = change(world, session.access, language=None).expect(200).data()
    assert (after["name"], after["language"], after["timeZone"]) == ("Zoë Weaver", None, "Europe/Zurich")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "   "), ("name", "x" * 121), ("name", "Ada\nWeaver"), ("name", "Ada\u202eWeaver"),
        ("name", "=?utf-8?q?Ada?="), ("name", "A" + "\u0301" * 40), ("name", "Ada\n"), ("name", "\u0958" * 120),
        ("language", "german"), ("language", "de_DE"), ("language", ""), ("language", "de-"), ("language", "x" * 40),
        ("timeZone", "Europe/Nowhere"), ("timeZone", "../../etc/passwd"), ("timeZone", "localtime"),
        ("timeZone", "/etc/localtime"), ("timeZone", ""),
    ],
)  # fmt: skip
def test_invalid_values_are_rejected_by_field(world: World, field: str, value: str) -> None:
    refused = change(world, world.owner.access, **{field: value}).expect(422, "validation_failed")
    assert [one["field"] for one in refused.object()["details"]] == [field]


def test_time_zones_are_known_where_the_system_has_none() -> None:
    """Slim images have no time zone database, and every zone would be unknown."""
    program = "from linkxg.identity.accounts.profile import time_zones; print('Europe/Berlin' in time_zones())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["True"]


def test_every_invalid_value_is_named_at_once(world: World) -> None:
    refused = change(world, world.owner.access, name=" ", language="?", timeZone="?").expect(422, "validation_failed")
    assert [one["field"] for one in refused.object()["details"]] == ["name", "language", "timeZone"]


def test_an_invitation_may_be_accepted_with_a_name(world: World) -> None:
    _, token = invite(world.api, world.owner, "VIEWER")
    body = {"password": world.vault.password(), "name": "Ada\tWeaver"}
    world.api.post(f"/invitations/{token}/accept", json=body).expect(422, "validation_failed")
    body["name"] = "Ada Weaver"
    joined = world.api.post(f"/invitations/{token}/accept", json=body).expect(201).data()
    assert joined["name"] == "Ada Weaver"
    _, token = invite(world.api, world.owner, "VIEWER")
    assert accept(world.api, token, world.vault.password()).expect(201).data()["name"] is None


def test_a_change_is_in_the_audit_trail_once(world: World) -> None:
    session = world.session()
    for _ in range(2):
        change(world, session.access, name="Ida").expect(200)
    path = "/account/audit-events?action=user.profile_changed"
    events = world.api.get(path, bearer=world.owner.access).expect(200).object()["data"]
    mine = [one for one in events if one["target"] == session.person.user_id]
    assert [one["details"] for one in mine] == [{"name": "Ida"}]


def test_clients_cannot_have_a_profile(world: World) -> None:
    change(world, world.token(), name="Robot").expect(403, "access_denied")


@pytest.fixture
def account(world: World) -> Any:
    """The account, as it was before when the test is over."""
    yield lambda **values: world.api.patch("/account", bearer=world.owner.access, json=values)
    world.api.patch(
        "/account", bearer=world.owner.access, json={"securityContact": None, "clientLifetimeDays": None}
    ).expect(200)


def test_the_account_has_a_security_contact_and_a_lifetime(world: World, account: Any) -> None:
    found = account(securityContact="security@example.test", clientLifetimeDays=30).expect(200).data()
    assert (found["securityContact"], found["clientLifetimeDays"]) == ("security@example.test", 30)
    for body in ({"securityContact": "nobody"}, {"securityContact": "=?utf-8?q?a?=@example.test"},
                 {"clientLifetimeDays": 0}, {"clientLifetimeDays": 3651}):  # fmt: skip
        refused = account(**body).expect(422, "validation_failed")
        assert [one["field"] for one in refused.object()["details"]] == list(body)
    member = world.session("MEMBER").access
    world.api.patch("/account", bearer=member, json={"clientLifetimeDays": 1}).expect(403, "access_denied")
    assert account(securityContact=None).expect(200).data()["securityContact"] is None


def test_secrets_get_the_default_lifetime_of_the_account(world: World, account: Any) -> None:
    old = world.new_client()
    account(clientLifetimeDays=30).expect(200)

    def register(**more: Any) -> int:
        body = {"client_name": "Lifetime", "scope": "products:read"} | more
        made = world.api.post("/oauth/clients", bearer=world.owner.access, json=body, reveals=True).expect(201).object()
        return int(made["client_secret_expires_at"])

    now = time.time()
    assert abs(register() - now - 30 * DAY) < 60
    assert register(expires_at=0) == 0
    assert register(expires_at=int(now) + DAY) == int(now) + DAY
    rotated = world.api.post(f"/oauth/clients/{old.client_id}/rotate", bearer=world.owner.access, reveals=True)
    assert abs(rotated.expect(200).object()["client_secret_expires_at"] - now - 30 * DAY) < 60
    account(clientLifetimeDays=None).expect(200)
    assert register() == 0
