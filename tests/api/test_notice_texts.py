"""What the mails say: who did what, in which account, when, and why the reader gets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conftest import ServerFactory, assert_no_leaks
from harness.client import INVITATION
from harness.clients import make_client
from harness.email_changes import TO_NEW, TO_OLD, Mailing, mailing_server, mailing_world
from harness.factors import add_totp, first_step, second_step
from harness.people import accept, login, new_email, sign_in
from harness.rows import execute
from harness.server import Server
from harness.smtp_sink import Mail, SmtpSink
from network.partners import invite

PROXIED = {"LINKXG_TRUSTED_PROXIES": "127.0.0.0/8", "LINKXG_PUBLIC_URL": "https://api.example.test"}
HOME = "198.51.100.7"
NEW_ADMIN, NEW_OWNER = "New Admin on LinkXG", "New Owner on LinkXG"


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine, HOME, **PROXIED) as made:
        made.world.api.patch("/account", bearer=made.world.owner.access, json={"name": "Acme GmbH"}).expect(200)
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


def owner_mail(mailing: Mailing, subject: str, about: str) -> Mail:
    """The notice to the Owner that names `about`."""
    address, number = mailing.world.account.owner.email, 0
    while True:
        number += 1
        mail = mailing.sink.wait_for(address, subject=subject, number=number)
        if about in mail.text():
            return mail


@pytest.mark.parametrize(("role", "subject"), [("ADMIN", NEW_ADMIN), ("OWNER", NEW_OWNER)])
def test_the_owners_learn_of_an_admin_or_owner_who_joins_by_an_invitation(
    mailing: Mailing, role: str, subject: str
) -> None:
    person = mailing.session(role).person
    text = owner_mail(mailing, subject, person.email).text()
    assert f"{person.email} joined by an invitation" in text
    assert f"From: the network address {HOME}" in text


def test_a_member_who_joins_is_no_news(mailing: Mailing) -> None:
    member = mailing.session("MEMBER").person
    admin = mailing.session("ADMIN").person
    owner_mail(mailing, NEW_ADMIN, admin.email)
    assert not [mail for mail in mailing.mails_to(mailing.world.account.owner.email) if member.email in mail.text()]


def test_the_owners_learn_of_an_admin_who_is_enabled_again(mailing: Mailing) -> None:
    person, api = mailing.session("ADMIN").person, mailing.world.api
    path = f"/account/users/{person.user_id}"
    api.patch(path, bearer=mailing.world.owner.access, json={"disabled": True}).expect(200)
    api.patch(path, bearer=mailing.world.owner.access, json={"disabled": False}).expect(200)
    assert "enabled again" in owner_mail(mailing, "Admin enabled again", person.email).text()


def test_a_notice_names_the_account_the_client_and_who_did_it(mailing: Mailing) -> None:
    admin, api = mailing.session("ADMIN"), mailing.world.api
    api.patch("/auth/me", bearer=admin.access, json={"name": "Mira Holm"}).expect(200)
    made = make_client(api, admin)
    mail = owner_mail(mailing, "OAuth client created", made.client_id)
    text = mail.text()
    assert str(mail.parsed()["Subject"]).endswith("– Acme GmbH")
    assert f"” ({made.client_id})" in text
    assert f"By: Mira Holm ({admin.person.email})" in text
    lines = text.strip().splitlines()
    assert lines[-3] == "You get this mail because you are an Owner of Acme GmbH on LinkXG."
    assert lines[-2] == "Service: https://api.example.test"
    assert lines[-1].startswith("Request, for support: ")
    assert mail.parsed()["Auto-Submitted"] == "auto-generated"


def test_a_notice_has_the_time_zone_of_its_reader(mailing: Mailing) -> None:
    person, world = mailing.session(), mailing.world
    contact = new_email("security")
    world.api.patch("/account", bearer=world.owner.access, json={"securityContact": contact}).expect(200)
    world.api.patch("/auth/me", bearer=world.owner.access, json={"timeZone": "Asia/Kolkata"}).expect(200)
    path = f"/account/users/{person.person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"role": "OWNER"}).expect(200)
    assert "(Asia/Kolkata, UTC+05:30)" in owner_mail(mailing, NEW_OWNER, person.person.email).text()
    text = mailing.sink.wait_for(contact, subject=NEW_OWNER).text()
    assert " UTC" in next(line for line in text.splitlines() if line.startswith("When: "))
    assert "because this address is the security contact of Acme GmbH" in text
    world.api.patch("/account", bearer=world.owner.access, json={"securityContact": None}).expect(200)
    world.api.patch("/auth/me", bearer=world.owner.access, json={"timeZone": None}).expect(200)


def test_a_former_contact_who_is_an_owner_is_told_once(mailing: Mailing) -> None:
    world, subject = mailing.world, "Security contact changed"
    owner = world.account.owner.email
    # Mails do not overtake each other: those of earlier tests have come.
    owner_mail(mailing, NEW_ADMIN, mailing.session("ADMIN").person.email)
    before = len(mailing.mails_to(owner, subject))
    for contact in (owner, None):
        world.api.patch("/account", bearer=world.owner.access, json={"securityContact": contact}).expect(200)
    person = mailing.session("ADMIN").person
    owner_mail(mailing, NEW_ADMIN, person.email)
    assert len(mailing.mails_to(owner, subject)) == before + 2


def test_a_sign_in_is_described_in_plain_words(mailing: Mailing) -> None:
    person = mailing.session().person
    with mailing.world.server.client("203.0.113.9") as client:
        login(client, person.email, person.password, headers=[("User-Agent", "Mystery")]).expect(200)
    text = mailing.sink.wait_for(person.email, subject="New sign-in to LinkXG").text()
    assert "with your password, in a program that is none of the common browsers" in text
    assert "unknown" not in text
    assert "From: the network address 203.0.113.9" in text
    assert "because it is about your access to Acme GmbH" in text


def test_a_person_learns_that_a_recovery_code_was_used(mailing: Mailing) -> None:
    """Security rule 135."""
    session, api = mailing.session(), mailing.world.api
    app = add_totp(api, session)
    person = session.person
    second_step(api, first_step(api, person), app.codes[0], "recovery_code").expect(200)
    text = mailing.sink.wait_for(person.email, subject="A recovery code was used").text()
    assert "9 recovery codes are left" in text
    assert app.codes[0] not in text
    second_step(api, first_step(api, person), app.codes[0], "recovery_code").expect(401, "invalid_credentials")
    second_step(api, first_step(api, person), app.codes[1], "recovery_code").expect(200)
    assert (
        "8 recovery codes are left"
        in mailing.sink.wait_for(person.email, subject="A recovery code was used", number=2).text()
    )


def test_a_removed_factor_is_named(mailing: Mailing) -> None:
    session, api = mailing.session(), mailing.world.api
    app = add_totp(api, session)
    access = second_step(api, first_step(api, session.person), app.codes[0], "recovery_code").expect(200)
    bearer = access.data()["accessToken"]
    factor = api.get("/auth/factors", bearer=bearer).expect(200).data()["factors"][0]["id"]
    api.delete(f"/auth/factors/{factor}", bearer=bearer).expect(204)
    text = mailing.sink.wait_for(session.person.email, subject="Second factor removed").text()
    assert "An authenticator app was removed" in text


def test_reset_factors_name_the_person_to_the_owners(mailing: Mailing) -> None:
    session, world = mailing.session(), mailing.world
    add_totp(world.api, session)
    person = session.person
    world.api.delete(f"/account/users/{person.user_id}/factors", bearer=world.owner.access).expect(204)
    text = owner_mail(mailing, "Second factors reset", person.email).text()
    assert person.user_id not in text


def test_an_invitation_names_who_invites_and_the_role(mailing: Mailing) -> None:
    world, address = mailing.world, new_email("invited")
    body = {"email": address, "role": "ADMIN"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(201)
    text = mailing.sink.wait_for(address).text()
    found = INVITATION.search(text)
    assert found is not None
    world.vault.remember("invitation token", found.group(1))
    assert f"{world.account.owner.email} invites you to join Acme GmbH" in text
    assert "You become Admin" in text
    assert f"because {world.account.owner.email} entered this address" in text


def test_links_say_who_asked_and_from_where(mailing: Mailing) -> None:
    session = mailing.session()
    mailing.world.api.patch("/auth/me", bearer=session.access, json={"name": "Ada Weaver"}).expect(200)
    new, _, _ = mailing.tokens(session)
    to_old = mailing.sink.wait_for(session.person.email, subject=TO_OLD).text()
    to_new = mailing.sink.wait_for(new, subject=TO_NEW).text()
    assert f"Ada Weaver ({session.person.email}) asked for" in to_new
    for text in (to_old, to_new):
        assert f"from the network address {HOME}" in text
        assert "Acme GmbH" in text
    mailing.world.api.post("/auth/password-reset", json={"email": session.person.email})
    mail = mailing.sink.wait_for(session.person.email, subject="Choose a new LinkXG password – Acme GmbH")
    found = mail.text().partition("password-reset/")[2].split()[0]
    mailing.world.vault.remember("password link", found)
    assert f"from the network address {HOME}" in mail.text()
    assert "because somebody asked for a link with this address" in mail.text()


def test_no_name_in_a_mail_is_a_link_or_fills_it(mailing: Mailing) -> None:
    """Security rule 158: a stranger's name is no advertisement, and no header."""
    world, session = mailing.world, mailing.session("ADMIN")
    lure = f"Visit https://evil.example/now or evil。example {'x' * 140}"
    execute(world.server.database, f"update accounts set name = '{lure}' where id = '{world.account.account_id}'")
    try:
        world.api.patch("/auth/me", bearer=session.access, json={"name": "Call evil.example"}).expect(200)
        address, partner = new_email("invited"), new_email("partner")
        body = {"email": address, "role": "VIEWER"}
        world.api.post("/account/users", bearer=session.access, json=body).expect(201)
        invite(world, session, inviteeEmail=partner).expect(201)
        for to in (address, partner):
            mail = mailing.sink.wait_for(to)
            found = INVITATION.search(mail.text())
            assert found is not None
            world.vault.remember("invitation token", found.group(1))
            seen = f"{mail.parsed()['Subject']}\n{mail.text()}"
            assert "evil" in seen
            assert not any(text in seen for text in ("evil.example", "evil。example", "https://evil", "x" * 60))
    finally:
        name = "Acme GmbH"
        execute(world.server.database, f"update accounts set name = '{name}' where id = '{world.account.account_id}'")


@pytest.fixture
def limited(engine: str, smtp_sink: SmtpSink, fresh_server: Callable[..., Server]) -> Iterator[Mailing]:
    """With the ordinary limits."""
    server = fresh_server(engine, LINKXG_SMTP_URL=smtp_sink.url, LINKXG_LIMIT_SCALE="1", **PROXIED)
    with mailing_world(server, smtp_sink, HOME) as made:
        yield made


def test_invitations_do_not_fill_a_mailbox(limited: Mailing) -> None:
    """Security rule 157: at most 10 an hour to one mailbox, whatever its subaddress; then others get the link."""
    world, victim = limited.world, new_email("victim")
    local, _, domain = victim.partition("@")
    third = sign_in(world.api, world.server.bootstrap("Calder Ltd", another=True).owner)
    answers = []
    for number, session in enumerate((world.owner,) * 5 + (world.other_owner,) * 5 + (third,) * 2):
        body = {"email": f"{local}+{number}@{domain}", "role": "MEMBER"}
        answer = world.api.post("/account/users", bearer=session.access, json=body, reveals=True).expect(201)
        answers.append(answer.data())
    assert [one["mailed"] for one in answers] == [True] * 10 + [False] * 2
    found = INVITATION.search(answers[-1]["link"])
    assert found is not None
    token = world.vault.remember("invitation token", found.group(1))
    accept(world.api, token, world.vault.password()).expect(201)
    for mail in limited.sink.mails:
        found = INVITATION.search(mail.text())
        if found is not None:
            world.vault.remember("invitation token", found.group(1))


def test_another_account_uses_up_no_notices_of_a_person(limited: Mailing) -> None:
    """Security rule 157: whoever names a person as their security contact does not silence that person's notices."""
    world, sink, victim = limited.world, limited.sink, limited.world.account.owner.email
    other = world.other_owner
    world.api.patch("/account", bearer=other.access, json={"securityContact": victim}).expect(200)
    for _ in range(22):
        make_client(world.api, other)
    sink.wait_for(other.person.email, subject="OAuth client created", number=20)
    made = make_client(world.api, world.owner)
    sink.wait_for(victim, subject="OAuth client created", number=21)
    texts = [mail.text() for mail in limited.mails_to(victim, "OAuth client created")]
    assert len(texts) == 21
    assert made.client_id in texts[-1]
