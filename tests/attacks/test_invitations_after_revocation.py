"""Nobody whose access was revoked returns, or lets others in, through an earlier invitation (ASVS 8.3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from harness.people import Session, accept, invite, sign_in
from harness.rows import execute
from harness.world import World

REVOCATIONS: dict[str, dict[str, Any] | None] = {
    "lowered": {"role": "VIEWER"},
    "disabled": {"disabled": True},
    "removed": None,
}
UNHEARD = {
    "lowered": "UPDATE users SET role = 'ADMIN' WHERE id = '{id}'",
    "disabled": "UPDATE users SET disabled = true WHERE id = '{id}'",
    "removed": "DELETE FROM users WHERE id = '{id}'",
}


def revoke(world: World, session: Session, change: dict[str, Any] | None) -> None:
    path, by = f"/account/users/{session.person.user_id}", world.owner.access
    if change is None:
        world.api.delete(path, bearer=by).expect(204)
    else:
        world.api.patch(path, bearer=by, json=change).expect(200)


def assert_not_accepted(world: World, token: str) -> None:
    accept(world.api, token, world.vault.password()).expect(404, "not_found")


def events(world: World, action: str) -> list[dict[str, Any]]:
    path = f"/account/audit-events?action={action}&limit=5"
    found: list[dict[str, Any]] = world.api.get(path, bearer=world.owner.access).expect(200).json()["data"]
    return found


@pytest.mark.parametrize(("way", "role"), [("lowered", "OWNER"), ("disabled", "ADMIN"), ("removed", "ADMIN")])
def test_invitations_end_with_the_rights_of_the_inviter(world: World, way: str, role: str) -> None:
    cut_off = world.session(role)
    tokens = [invite(world.api, cut_off, invited)[1] for invited in (role, "MEMBER")]
    _, of_the_owner = invite(world.api, world.owner, "MEMBER")
    revoke(world, cut_off, REVOCATIONS[way])
    for token in tokens:
        assert_not_accepted(world, token)
    accept(world.api, of_the_owner, world.vault.password()).expect(201)
    action = {"lowered": "user.role_changed"}.get(way, f"user.{way}")
    event = next(one for one in events(world, action) if one["target"] == cut_off.person.user_id)
    assert event["details"]["invitations_ended"] == 2


def test_an_ended_invitation_stays_ended_when_the_inviter_is_enabled_again(world: World) -> None:
    admin = world.session("ADMIN")
    _, token = invite(world.api, admin, "ADMIN")
    revoke(world, admin, {"role": "VIEWER"})
    revoke(world, admin, {"role": "ADMIN"})
    assert_not_accepted(world, token)
    _, token = invite(world.api, sign_in(world.api, admin.person), "ADMIN")
    # A raise cuts nothing.
    revoke(world, admin, {"role": "OWNER"})
    accept(world.api, token, world.vault.password()).expect(201)


@pytest.mark.parametrize("way", UNHEARD)
def test_accepting_an_invitation_checks_the_inviter_in_its_transaction(world: World, way: str) -> None:
    """Whatever ended the rights: also where the invitation itself was left as it was."""
    admin = world.session("OWNER" if way == "lowered" else "ADMIN")
    _, token = invite(world.api, admin, admin.person.role)
    sql = UNHEARD[way].format(id=admin.person.user_id)
    if way == "removed":
        execute(world.server.database, f"DELETE FROM sessions WHERE user_id = '{admin.person.user_id}'")
    execute(world.server.database, sql)
    assert_not_accepted(world, token)
