"""Links that an Owner or Admin makes for a member. Security rules 150 and 153."""

from __future__ import annotations

from uuid import uuid4

import pytest

from harness.people import ROLES, Person, login, me, sign_in
from harness.rows import execute, trail
from harness.smtp_sink import SmtpSink
from harness.world import World
from linkxg.identity.accounts.roles import may_manage
from password_reset.links import MADE, complete, link_for, mail_person, make_link, token_in


def test_a_made_link_changes_the_password_of_a_member(world: World) -> None:
    session = world.session("MEMBER")
    person, new = session.person, world.vault.password()
    made = make_link(world, person, world.owner).expect(201).data()
    assert made.keys() == {"id", "email", "link", "expiresAt"}
    assert made["email"] == person.email
    complete(world.api, token_in(world, made["link"]), new).expect(200)
    me(world.api, session.access).expect(401, "invalid_token")
    login(world.api, person.email, new).expect(200)


@pytest.mark.parametrize("of", ROLES)
@pytest.mark.parametrize("by", ROLES)
def test_only_who_may_manage_a_person_makes_their_link(world: World, by: str, of: str) -> None:
    """Security rule 153."""
    maker, person = world.session(by), world.person(of)
    answer = make_link(world, person, maker)
    if may_manage(by, of):
        complete(world.api, token_in(world, answer.expect(201).data()["link"]), world.vault.password()).expect(200)
        return
    answer.expect(403, "access_denied")
    sign_in(world.api, person)


def test_nobody_makes_a_link_for_themselves(world: World) -> None:
    """A stolen token would become a password."""
    session = world.session("OWNER")
    make_link(world, session.person, session).expect(409, "conflict")


def test_no_link_is_made_for_another_account_or_nobody(world: World) -> None:
    make_link(world, world.other.owner, world.owner).expect(404, "not_found")
    make_link(world, Person(str(uuid4()), "", "", ""), world.owner).expect(404, "not_found")


def test_no_link_is_made_for_a_disabled_person(world: World) -> None:
    disabled = world.person()
    path = f"/account/users/{disabled.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    make_link(world, disabled, world.owner).expect(409, "conflict")


def test_a_made_link_gives_somebody_without_a_password_the_first_one(world: World) -> None:
    person, password = world.person(), world.vault.password()
    execute(world.server.database, f"update users set password_hash = '' where id = '{person.user_id}'")
    login(world.api, person.email, person.password).expect(401, "invalid_credentials")
    link = make_link(world, person, world.owner).expect(201).data()["link"]
    complete(world.api, token_in(world, link), password).expect(200)
    login(world.api, person.email, password).expect(200)


def test_a_repeated_request_returns_the_same_link_until_it_is_used(world: World) -> None:
    """Promise R18."""
    person, key = world.person(), {"Idempotency-Key": str(uuid4())}
    first = make_link(world, person, world.owner, headers=key).expect(201)
    again = make_link(world, person, world.owner, headers=key, repeats=True).expect(201)
    assert again.data() == first.data()
    assert again.header("idempotent-replayed") == "true"
    make_link(world, world.person(), world.owner, headers=key).expect(422, "idempotency_key_reused")
    complete(world.api, token_in(world, first.data()["link"]), world.vault.password()).expect(200)
    make_link(world, person, world.owner, headers=key).expect(409, "conflict")
    created = [row for row in trail(world.server.database, world.account.account_id) if row.target == person.user_id]
    assert [row.action for row in created].count("password.link_created") == 1


def test_a_new_link_ends_the_one_made_before(world: World) -> None:
    person = world.person()
    first, second = link_for(world, person), link_for(world, person)
    complete(world.api, first, world.vault.password()).expect(404, "not_found")
    complete(world.api, second, world.vault.password()).expect(200)


@pytest.mark.parametrize("change", ["demoted", "disabled", "removed", "reset"])
def test_a_link_ends_with_the_rights_of_who_made_it(world: World, change: str) -> None:
    """Security rule 150: somebody who is thrown out keeps no key."""
    maker, person = world.session("ADMIN"), world.person()
    token = link_for(world, person, maker)
    path, owner = f"/account/users/{maker.person.user_id}", world.owner
    if change == "removed":
        world.api.delete(path, bearer=owner.access).expect(204)
    elif change == "reset":
        complete(world.api, link_for(world, maker.person), world.vault.password()).expect(200)
    else:
        body = {"role": "MEMBER"} if change == "demoted" else {"disabled": True}
        world.api.patch(path, bearer=owner.access, json=body).expect(200)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")
    sign_in(world.api, person)


def test_a_link_ends_when_the_person_rises_above_its_maker(world: World) -> None:
    maker, person = world.session("ADMIN"), world.person()
    token = link_for(world, person, maker)
    path = f"/account/users/{person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"role": "OWNER"}).expect(200)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")


def test_the_person_is_told_by_mail_without_the_link(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 153."""
    world, person = mail_world, mail_person(mail_world, sink)
    token = link_for(world, person)
    (mail,) = sink.wait_for_all(person.email, 1, MADE)
    assert token.encode() not in mail.raw
    assert "lxgrst_" not in mail.text()


def test_a_client_makes_no_link(world: World) -> None:
    person = world.person()
    path = f"/account/users/{person.user_id}/password-reset"
    world.api.post(path, bearer=world.token()).expect(403, "access_denied")
    world.api.post(path).expect(401, "invalid_token")
