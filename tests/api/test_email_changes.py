"""A change of e-mail address, with a mail server that keeps the links."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from conftest import ServerFactory, assert_no_leaks
from harness.concurrency import concurrently
from harness.email_changes import TO_NEW, TO_OLD, Mailing, mailing_server
from harness.people import login, me, new_email, refresh, sign_in
from harness.world import World

CHANGED = "Your e-mail address was changed"


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


@pytest.mark.parametrize("first", ["old", "new"])
def test_the_address_changes_when_both_have_confirmed(mailing: Mailing, first: str) -> None:
    world, session = mailing.world, mailing.session()
    person = session.person
    address, old, new = mailing.tokens(session)
    waiting = mailing.me(session)["emailChange"]
    assert (waiting["newEmail"], waiting["newAddressConfirmed"], waiting["presentAddressConfirmed"]) == (
        address, False, False,
    )  # fmt: skip
    one, other = (old, new) if first == "old" else (new, old)
    assert mailing.answer(one).expect(200).data() == {"changed": False}
    assert mailing.me(session)["email"] == person.email
    assert mailing.answer(other).expect(200).data() == {"changed": True}
    found = mailing.me(session)
    assert (found["email"], found["emailChange"]) == (address, None)
    # The session goes on, and the password is the same.
    refresh(world.api, session.refresh).expect(200)
    login(world.api, person.email, person.password).expect(401, "invalid_credentials")
    login(world.api, address, person.password).expect(200)
    for told in (person.email, address):
        assert address in mailing.sink.wait_for(told, subject=CHANGED).text()


def test_the_present_address_can_decline(mailing: Mailing) -> None:
    session = mailing.session()
    _, old, new = mailing.tokens(session)
    mailing.answer(new).expect(200)
    mailing.answer(old, "decline").expect(200)
    for token in (old, new):
        mailing.answer(token).expect(404, "not_found")
        mailing.answer(token, "decline").expect(404, "not_found")
    found = mailing.me(session)
    assert (found["email"], found["emailChange"]) == (session.person.email, None)


def test_a_person_can_cancel_and_replace_a_change(mailing: Mailing) -> None:
    world, session = mailing.world, mailing.session()
    _, old, _ = mailing.tokens(session)
    second = new_email("second")
    mailing.ask(session, second).expect(200)
    mailing.answer(old).expect(404, "not_found")
    assert mailing.me(session)["emailChange"]["newEmail"] == second
    world.api.delete("/auth/email", bearer=session.access).expect(204)
    world.api.delete("/auth/email", bearer=session.access).expect(404, "not_found")
    mailing.answer(mailing.token_in(mailing.sink.wait_for(second, subject=TO_NEW))).expect(404, "not_found")


def test_the_password_is_required_and_guesses_count(mailing: Mailing) -> None:
    session = mailing.session()
    wrong = mailing.world.vault.password()
    mailing.ask(session, new_email(), wrong).expect(401, "invalid_credentials")
    assert mailing.me(session)["emailChange"] is None
    mailing.ask(session, session.person.email.upper()).expect(422, "validation_failed")
    mailing.ask(session, "nobody").expect(400, "invalid_request")


def test_a_new_password_ends_the_change(mailing: Mailing) -> None:
    world, session = mailing.world, mailing.session()
    _, old, new = mailing.tokens(session)
    mailing.answer(new).expect(200)
    body = {"currentPassword": session.person.password, "newPassword": world.vault.password()}
    world.api.post("/auth/password", bearer=session.access, json=body).expect(200)
    mailing.answer(old).expect(404, "not_found")
    assert mailing.me(session)["emailChange"] is None
    assert "password" in mailing.sink.wait_for(session.person.email, subject="Your password was changed").text()


def test_a_disabled_person_changes_no_address(mailing: Mailing) -> None:
    world, session = mailing.world, mailing.session()
    _, old, new = mailing.tokens(session)
    mailing.answer(old).expect(200)
    path = f"/account/users/{session.person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    mailing.answer(new).expect(404, "not_found")


def test_nobody_learns_whether_an_address_is_in_use(mailing: Mailing) -> None:
    """Security rule 155: the same answer and mails to one's own address; the owner of the address is told."""
    session, other = mailing.session(), mailing.session()
    taken, free = other.person.email, new_email()
    answers = [mailing.ask(session, address).expect(200) for address in (free, taken)]
    assert answers[0].data().keys() == answers[1].data().keys()
    assert mailing.me(session)["emailChange"]["newEmail"] == taken
    told = mailing.sink.wait_for(taken, subject=TO_NEW)
    assert "/email-changes/" not in told.text()
    link = mailing.token_in(mailing.sink.wait_for(session.person.email, subject=TO_OLD, number=2))
    # One of the two: that of the first change has ended.
    first = mailing.token_in(mailing.sink.wait_for(session.person.email, subject=TO_OLD))
    answers = [mailing.answer(token) for token in (first, link)]
    assert sorted(answer.status for answer in answers) == [200, 404]
    assert mailing.me(session)["email"] == session.person.email


def test_of_two_people_one_gets_the_address(mailing: Mailing) -> None:
    """Security rule 156: the address is unique, whoever confirms when."""
    world, sessions, address = mailing.world, [mailing.session() for _ in range(2)], new_email("wanted")
    finals = []
    for number, session in enumerate(sessions, 1):
        mailing.ask(session, address).expect(200)
        mailing.answer(mailing.token_in(mailing.sink.wait_for(session.person.email, subject=TO_OLD))).expect(200)
        finals.append(mailing.token_in(mailing.sink.wait_for(address, number=number)))
    answers = concurrently(partial(mailing.answer, token) for token in finals)
    assert sorted(answer.status for answer in answers) == [200, 409]
    emails = [mailing.me(session)["email"] for session in sessions]
    assert emails.count(address) == 1
    login(world.api, address, sessions[emails.index(address)].person.password).expect(200)


def test_confirmations_at_the_same_time_make_one_change(mailing: Mailing) -> None:
    """Security rule 156: whichever of the two confirmations comes last makes the change."""
    for _ in range(4):
        session = mailing.session()
        address, old, new = mailing.tokens(session)
        answers = concurrently(partial(mailing.answer, token) for token in (old, new))
        assert sorted(answer.expect(200).data()["changed"] for answer in answers) == [False, True]
        assert mailing.me(session)["email"] == address


def test_a_link_works_once_and_only_for_its_side(mailing: Mailing) -> None:
    """Security rule 154: a replay confirms nothing, and no link stands for the other address."""
    session, other = mailing.session(), mailing.session()
    _, old, new = mailing.tokens(session)
    _, other_old, _ = mailing.tokens(other)
    mailing.answer(new).expect(200)
    mailing.answer(new).expect(404, "not_found")
    # The link of somebody else confirms their own change alone.
    mailing.answer(other_old).expect(200)
    assert mailing.me(session)["email"] == session.person.email
    for token in (old[:-1] + ("0" if old[-1] != "0" else "1"), "lxgeml_" + "0" * 49, old.replace("lxgeml", "lxginv")):
        mailing.answer(token).expect(404, "not_found")
    mailing.answer(old).expect(200)
    mailing.answer(old).expect(404, "not_found")


def test_an_owner_confirms_for_a_lost_mailbox(mailing: Mailing) -> None:
    world, session = mailing.world, mailing.session()
    address, _, new = mailing.tokens(session)
    path = f"/account/users/{session.person.user_id}/email-change"
    admin = mailing.session("ADMIN").access
    world.api.get(path, bearer=admin).expect(403, "access_denied")
    world.api.post(f"{path}/approve", bearer=admin, json={"newEmail": address}).expect(403, "access_denied")
    owner = world.owner.access
    assert world.api.get(path, bearer=owner).expect(200).data()["newEmail"] == address
    world.api.post(f"{path}/approve", bearer=owner, json={"newEmail": new_email()}).expect(404, "not_found")
    approved = world.api.post(f"{path}/approve", bearer=owner, json={"newEmail": address}).expect(200)
    assert approved.data() == {"changed": False}
    world.api.post(f"{path}/approve", bearer=owner, json={"newEmail": address}).expect(404, "not_found")
    assert mailing.answer(new).expect(200).data() == {"changed": True}
    assert mailing.me(session)["email"] == address
    mail = mailing.sink.wait_for(session.person.email, subject=TO_OLD, number=2)
    assert "An Owner of your account confirmed it" in mail.text()


def test_an_owner_cannot_be_helped_by_another(mailing: Mailing) -> None:
    world, owner = mailing.world, mailing.session("OWNER")
    address, _, _ = mailing.tokens(owner)
    path = f"/account/users/{owner.person.user_id}/email-change/approve"
    for bearer in (world.owner.access, owner.access):
        world.api.post(path, bearer=bearer, json={"newEmail": address}).expect(403, "access_denied")


def test_another_account_sees_no_change(mailing: Mailing) -> None:
    world, session = mailing.world, mailing.session()
    address, _, _ = mailing.tokens(session)
    path = f"/account/users/{session.person.user_id}/email-change"
    stranger = world.other_owner.access
    world.api.get(path, bearer=stranger).expect(404, "not_found")
    world.api.post(f"{path}/approve", bearer=stranger, json={"newEmail": address}).expect(404, "not_found")


def test_the_trail_has_what_happened_and_no_token(mailing: Mailing) -> None:
    """Security rule 158: neither the audit trail nor the log has a link."""
    world, session = mailing.world, mailing.session()
    address, old, new = mailing.tokens(session)
    mailing.answer(old).expect(200)
    mailing.answer(new).expect(200)
    mailing.answer(new).expect(404, "not_found")
    events = world.api.get("/account/audit-events?limit=50", bearer=world.owner.access).expect(200).object()["data"]
    mine = [one for one in events if one["target"] == session.person.user_id and one["action"].startswith("email.")]
    assert [one["action"] for one in mine] == ["email.changed", "email.change_requested"]
    assert mine[0]["details"] == {"from": session.person.email, "to": address}
    log = world.server.log_text().decode()
    assert "lxgeml_" not in log
    assert address not in log
    me(world.api, session.access).expect(200)


def test_without_mail_the_address_stays(world: World) -> None:
    session = sign_in(world.api, world.person())
    body = {"newEmail": new_email(), "password": session.person.password}
    refused = world.api.post("/auth/email", bearer=session.access, json=body).expect(409, "conflict")
    assert "mail" in refused.object()["error_description"]


def test_rule_187_a_change_does_not_outlive_the_access_of_its_person(mailing: Mailing) -> None:
    world, session = mailing.world, mailing.session()
    _, old, new = mailing.tokens(session)
    mailing.answer(new).expect(200)
    person = f"/account/users/{session.person.user_id}"
    for disabled in (True, False):
        world.api.patch(person, bearer=world.owner.access, json={"disabled": disabled}).expect(200)
    for token in (old, new):
        mailing.answer(token).expect(404, "not_found")
    assert mailing.me(sign_in(world.api, session.person))["email"] == session.person.email
