"""A forgotten password: a link by mail, which works once."""

from __future__ import annotations

from functools import partial

from harness.concurrency import concurrently
from harness.people import Person, login, me, refresh, sign_in
from harness.rows import execute, rows
from harness.smtp_sink import SmtpSink
from harness.world import World
from password_reset.links import (
    CHANGED,
    HALF_HOUR_MS,
    SUBJECT,
    ask,
    complete,
    mail_person,
    mailed,
    turn_back,
)


def test_a_mailed_link_changes_the_password_once(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 149."""
    world, person = mail_world, mail_person(mail_world, sink)
    token, new = mailed(world, sink, person), world.vault.password()
    answer = complete(world.api, token, new).expect(200)
    assert answer.object() == {"success": True, "data": None}
    login(world.api, person.email, person.password).expect(401, "invalid_credentials")
    login(world.api, person.email, new).expect(200)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")
    login(world.api, person.email, new).expect(200)
    assert sink.wait_for_all(person.email, 1, CHANGED)


def test_a_reset_ends_every_session_and_signs_nobody_in(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 151."""
    world, person = mail_world, mail_person(mail_world, sink)
    sessions = [sign_in(world.api, person) for _ in range(3)]
    new = world.vault.password()
    answer = complete(world.api, mailed(world, sink, person), new).expect(200)
    assert not answer.values("set-cookie")
    assert answer.data() is None
    for session in sessions:
        me(world.api, session.access).expect(401, "invalid_token")
        refresh(world.api, session.refresh).expect(401, "invalid_token")
    after = sign_in(world.api, Person(person.user_id, person.email, new, person.role))
    listed = world.api.get("/auth/sessions", bearer=after.access).expect(200).data()
    assert len(listed) == 1


def test_a_refused_password_leaves_the_link_unused(mail_world: World, sink: SmtpSink) -> None:
    world, person = mail_world, mail_person(mail_world, sink)
    token = mailed(world, sink, person)
    for refused in ("short", "passwordpassword", "123456789012"):
        complete(world.api, token, refused).expect(422, "validation_failed")
    complete(world.api, token, world.vault.password()).expect(200)


def test_an_expired_link_is_invalid(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 149."""
    world, person = mail_world, mail_person(mail_world, sink)
    token = mailed(world, sink, person)
    turn_back(world, person, HALF_HOUR_MS)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")
    sign_in(world.api, person)


def test_an_earlier_link_works_until_one_is_used(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 152: what a stranger asks for ends no link that the person has."""
    world, person = mail_world, mail_person(mail_world, sink)
    first, second = mailed(world, sink, person), mailed(world, sink, person, 2)
    new = world.vault.password()
    complete(world.api, first, new).expect(200)
    complete(world.api, second, world.vault.password()).expect(404, "not_found")
    login(world.api, person.email, new).expect(200)


def test_of_two_concurrent_uses_one_succeeds(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 149."""
    world, person = mail_world, mail_person(mail_world, sink)
    token = mailed(world, sink, person)
    passwords = [world.vault.password() for _ in range(6)]
    answers = concurrently([partial(complete, world.api, token, one) for one in passwords])
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404, 404]
    (won,) = [password for password, answer in zip(passwords, answers, strict=True) if answer.status == 200]
    accepted = [login(world.api, person.email, one).status for one in passwords]
    assert accepted.count(200) == 1
    assert accepted[passwords.index(won)] == 200


def test_a_link_ends_when_the_person_changes(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 150."""
    world, bearer = mail_world, mail_world.owner.access
    people = {
        name: mail_person(world, sink, "ADMIN") for name in ("password", "disabled", "role", "removed", "address")
    }
    links = {name: mailed(world, sink, person) for name, person in people.items()}

    new = world.vault.password()
    body = {"currentPassword": people["password"].password, "newPassword": new}
    session = sign_in(world.api, people["password"])
    world.api.post("/auth/password", bearer=session.access, json=body).expect(200)
    for disabled in (True, False):
        path = f"/account/users/{people['disabled'].user_id}"
        world.api.patch(path, bearer=bearer, json={"disabled": disabled}).expect(200)
    world.api.patch(f"/account/users/{people['role'].user_id}", bearer=bearer, json={"role": "VIEWER"}).expect(200)
    world.api.delete(f"/account/users/{people['removed'].user_id}", bearer=bearer).expect(204)
    moved = f"moved.{people['address'].email}"
    execute(
        world.server.database,
        f"update users set email = '{moved}', email_key = '{moved}' where id = '{people['address'].user_id}'",
    )
    for token in links.values():
        complete(world.api, token, world.vault.password()).expect(404, "not_found")
    login(world.api, people["password"].email, new).expect(200)
    sign_in(world.api, people["disabled"])


def test_a_reset_forgets_the_failures_of_the_address(mail_world: World, sink: SmtpSink) -> None:
    """Like a correct password, so that whoever guessed wrong before is not delayed."""
    world, person = mail_world, mail_person(mail_world, sink)
    failures = "select count(*) from login_failures where failures > 0"
    before = rows(world.server.database, failures)
    for _ in range(3):
        login(world.api, person.email, world.vault.invent("mistyped password")).expect(401, "invalid_credentials")
    assert rows(world.server.database, failures) != before
    complete(world.api, mailed(world, sink, person), world.vault.password()).expect(200)
    assert rows(world.server.database, failures) == before


def test_the_link_goes_to_the_stored_address(mail_world: World, sink: SmtpSink) -> None:
    """Security rule 148: an address that is equal only by some folding of letters would be somebody else's mailbox."""
    world, person = mail_world, mail_person(mail_world, sink)
    ask(world.api, person.email.upper()).expect(200)
    (mail,) = sink.wait_for_all(person.email, 1, SUBJECT)
    assert mail.recipients == (person.email,)
    assert not [one for one in sink.mails if person.email.upper() in one.recipients]


def test_the_audit_trail_has_the_request_and_the_change(mail_world: World, sink: SmtpSink) -> None:
    world, person = mail_world, mail_person(mail_world, sink)
    token = mailed(world, sink, person)
    complete(world.api, token, world.vault.password()).expect(200)
    found = world.api.get("/account/audit-events?limit=20", bearer=world.owner.access).expect(200).object()["data"]
    events = {one["action"]: one for one in found if one["target"] == person.user_id}
    asked, changed = events["password.reset_requested"], events["password.changed"]
    assert asked["actorKind"] == changed["actorKind"] == "anonymous"
    assert changed["details"] == {"reset": asked["details"]["reset"], "issued_by": "mail"}


def test_malformed_tokens_and_bodies_are_rejected(mail_world: World) -> None:
    world, new = mail_world, mail_world.vault.password()
    for token in ("", "none", "lxgrst_" + "a" * 49, "lxginv_" + "a" * 49, "lxgrst_" + "é" * 49):
        complete(world.api, token, new).expect(404, "not_found")
    world.api.post("/auth/password-reset/complete", json={"token": "x"}).expect(400, "invalid_request")
    for email in ("", "nobody", "a b@example.test", "a@example.test\nBcc: b@example.test"):
        ask(world.api, email).expect(400, "invalid_request")
    world.api.get("/auth/password-reset").expect(405, "method_not_allowed")
