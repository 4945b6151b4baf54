"""No race leaves an account without an Owner, or a person with revoked rights. Security rules 73, 75 and 83."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from harness.answers import Answer
from harness.concurrency import PersistentClient, concurrently, seconds_until
from harness.people import Person, Session, add_person, login, me, refresh, session_of, sign_in
from harness.rows import rows
from harness.world import World
from races.conftest import ClientsFactory

WAYS: dict[str, dict[str, Any] | None] = {
    "lowered": {"role": "MEMBER"},
    "disabled": {"disabled": True},
    "removed": None,
}


def take_away(client: PersistentClient, by: Session, person: Person, way: str) -> Answer:
    path, change = f"/account/users/{person.user_id}", WAYS[way]
    return (
        client.delete(path, bearer=by.access) if change is None else client.patch(path, bearer=by.access, json=change)
    )


def owners(world: World, account_id: str) -> list[str]:
    """Ids of the enabled Owners."""
    sql = f"SELECT id, disabled FROM users WHERE account_id = '{account_id}' AND role = 'OWNER'"
    return [user_id for user_id, disabled in rows(world.server.database, sql) if disabled in {"0", "f"}]


def test_owners_who_remove_each_other_leave_one_owner(arena: World, new_clients: ClientsFactory) -> None:
    here, there = new_clients(2)
    account = arena.server.bootstrap(f"Owners {uuid4()}", another=True)
    survivor = account.owner
    for one, other in (("lowered", "lowered"), ("disabled", "removed"), ("removed", "lowered")) * 2:
        first = sign_in(arena.api, survivor)
        second = sign_in(arena.api, add_person(arena.api, first, "OWNER"))
        answers = concurrently(
            [
                partial(take_away, here, first, second.person, one),
                partial(take_away, there, second, first.person, other),
            ]
        )
        left = owners(arena, account.account_id)
        assert len(left) == 1, answers
        won, lost = sorted(answers, key=lambda answer: answer.status)
        assert won.status < 300, answers
        lost.expect_one_of((401, "invalid_token"), (409, "conflict"))
        survivor = next(session.person for session in (first, second) if session.person.user_id == left[0])


def has_no_rights(client: PersistentClient, session: Session) -> bool:
    """Whether an Admin's token opens nothing of an Admin's any more."""
    answer = client.get("/oauth/clients", bearer=session.access)
    answer.expect_one_of((200, None), (401, "invalid_token"))
    return answer.status != 200


@pytest.mark.parametrize("way", WAYS)
def test_rule_75_83_no_login_or_refresh_succeeds_after_a_concurrent_disable(
    arena: World, new_clients: ClientsFactory, bound: float, way: str
) -> None:
    """A sign-in or a refresh that races the end of its person's rights gives nothing that outlives it."""
    admin, *callers = new_clients(9)
    person = arena.person("ADMIN")
    sessions = [sign_in(arena.api, person) for _ in callers[4:]]
    racing: list[Callable[[], Answer]] = [
        partial(login, client, person.email, person.password) for client in callers[:4]
    ]
    racing += [partial(refresh, client, held.refresh) for client, held in zip(callers[4:], sessions, strict=True)]
    racing.append(partial(take_away, admin, arena.owner, person, way))
    *answers, ended = concurrently(racing)
    assert ended.status < 300, ended
    for answer in answers:
        answer.expect_one_of((200, None), (401, "invalid_credentials"), (401, "invalid_token"))
    begun = [session_of(person, answer) for answer in answers if answer.status == 200]
    for session in sessions + begun:
        # A sign-in that came after a lowering is a Member's.
        if way == "lowered" and me(admin, session.access).status == 200:
            admin.get("/oauth/clients", bearer=session.access).expect(403, "access_denied")
            continue
        for client in callers[:2]:
            seconds_until(has_no_rights, client, session, within=bound)
        refresh(admin, session.refresh).expect(401, "invalid_token")


def is_over(client: PersistentClient, session: Session) -> bool:
    return me(client, session.access).status == 401


def test_rule_73_the_old_password_is_invalid_after_its_change(
    arena: World, new_clients: ClientsFactory, bound: float
) -> None:
    """A sign-in that was under way with the old password when it changed ends with it, or never begins."""
    owner, *callers = new_clients(8)
    person = arena.person()
    session = sign_in(arena.api, person)
    new = arena.vault.password()
    change = {"currentPassword": person.password, "newPassword": new}
    racing: list[Callable[[], Answer]] = [partial(login, client, person.email, person.password) for client in callers]
    racing.append(partial(owner.post, "/auth/password", bearer=session.access, json=change))
    *answers, changed = concurrently(racing)
    changed.expect(200)
    for answer in answers:
        answer.expect_one_of((200, None), (401, "invalid_credentials"))
    for begun in (session_of(person, answer) for answer in answers if answer.status == 200):
        for client in callers[:2]:
            seconds_until(is_over, client, begun, within=bound)
        refresh(owner, begun.refresh).expect(401, "invalid_token")
    me(owner, session.access).expect(200)
    login(owner, person.email, new).expect(200)
