"""The profile page, links of changes of e-mail address, and times in the person's zone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conftest import ServerFactory, assert_no_leaks
from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.email_changes import TO_NEW, TO_OLD, Mailing, mailing_server
from harness.people import new_email
from harness.world import World

PAGE, EMAIL = "/account/profile", "/account/profile/email"


def test_people_fill_in_their_profile(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("VIEWER")
    visitor = new_visitor(person)
    page = visitor.get(PAGE)
    for hint in ('autocomplete="name"', 'name="language"', 'name="time_zone"'):
        assert hint in page.text
    filled = visitor.fill(page, PAGE, name="Ada Weaver", language="de", time_zone="Asia/Tokyo")
    assert filled.status_code == 303
    assert "Saved." in text_of(visitor.get(filled.headers["location"]))
    shown = dict(visitor.fields(visitor.get(PAGE), PAGE))
    assert (shown["name"], shown["language"], shown["time_zone"]) == ("Ada Weaver", "de", "Asia/Tokyo")
    refused = visitor.fill(visitor.get(PAGE), PAGE, name="=?utf-8?q?Ada?=", time_zone="Europe/Nowhere")
    assert refused.status_code == 422
    assert "Unknown time zone" in text_of(refused)
    assert dict(visitor.fields(refused, PAGE))["name"] == "=?utf-8?q?Ada?="


def test_members_are_listed_with_their_names(world: World, new_visitor: NewVisitor, owner: Visitor) -> None:
    person = world.person("VIEWER")
    visitor = new_visitor(person)
    visitor.fill(visitor.get(PAGE), PAGE, name="Zoë <Weaver>")
    assert f"Zoë <Weaver> {person.email}" in text_of(owner.get("/account/members")).replace("&lt;", "<")
    assert "Zoë <Weaver>" in text_of(owner.get(f"/account/members/{person.user_id}"))
    assert "<Weaver>" not in owner.get("/account/members").text


def test_times_are_in_the_zone_of_the_person(world: World, owner: Visitor) -> None:
    in_utc = owner.get("/account/sessions").text
    assert re.search(r'data-time="clock">\d+ \w+, \d\d:\d\d UTC<', in_utc)
    owner.fill(owner.get(PAGE), PAGE, time_zone="Asia/Tokyo")
    for path in ("/account/sessions", "/account/audit"):
        page = owner.get(path).text
        assert re.search(r'<time datetime="[^"]+Z" title="[^"]+ JST">\d+ \w+, \d\d:\d\d JST<', page), path
        assert 'data-zone="Asia/Tokyo"' in page


def test_without_mail_the_page_says_so(owner: Visitor) -> None:
    assert "this service sends no mail" in text_of(owner.get(PAGE))


def test_a_new_client_gets_the_default_lifetime(world: World, owner: Visitor) -> None:
    def save(days: int | None) -> None:
        body = {"clientLifetimeDays": days}
        world.api.patch("/account", bearer=world.owner.access, json=body).expect(200)

    save(30)
    try:
        page = owner.get("/account/api-access/new")
        fields = dict(owner.fields(page, "/account/api-access/new"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", fields["expires"])
    finally:
        save(None)


def test_the_company_page_has_the_security_settings(world: World, owner: Visitor) -> None:
    path = "/account/company"
    refused = owner.fill(owner.get(path), path, security_contact="nobody", client_lifetime_days="soon")
    assert refused.status_code == 422
    assert 'id="e-security_contact"' in refused.text
    assert 'id="e-client_lifetime_days"' in refused.text
    saved = owner.fill(owner.get(path), path, security_contact="security@example.test", client_lifetime_days="90")
    assert saved.status_code == 303
    found = world.api.get("/account", bearer=world.owner.access).expect(200).data()
    assert (found["securityContact"], found["clientLifetimeDays"]) == ("security@example.test", 90)
    assert owner.fill(owner.get(path), path, security_contact="", client_lifetime_days="").status_code == 303
    found = world.api.get("/account", bearer=world.owner.access).expect(200).data()
    assert (found["securityContact"], found["clientLifetimeDays"]) == (None, None)


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


@pytest.fixture
def reader(mailing: Mailing) -> Iterator[Visitor]:
    """Somebody who is not signed in and opens links."""
    visitor = Visitor(mailing.world.server.url, mailing.world.vault)
    yield visitor
    visitor.close()


def test_links_are_confirmed_by_a_button(mailing: Mailing, reader: Visitor) -> None:
    """Security rule 154: opening a link, as scanners of mails do, changes nothing."""
    session = mailing.session()
    visitor = Visitor(mailing.world.server.url, mailing.world.vault)
    visitor.sign_in(session.person)
    address = new_email("renamed")
    asked = visitor.fill(
        visitor.get(PAGE), EMAIL, act="ask", new_email=address, current_password=session.person.password
    )
    assert asked.status_code == 303, text_of(asked)
    assert "A link was mailed to the new address" in text_of(visitor.get(asked.headers["location"]))
    assert address in text_of(visitor.get(PAGE))
    tokens = [
        mailing.token_in(mailing.sink.wait_for(to, subject=subject))
        for to, subject in ((session.person.email, TO_OLD), (address, TO_NEW))
    ]
    said = []
    for token in tokens:
        path = f"/email-changes/{token}"
        for _ in range(2):
            page = reader.get(path)
            assert page.status_code == 200
            assert page.headers["referrer-policy"] == "strict-origin"
            assert page.headers["cache-control"] == "no-store"
        assert mailing.me(session)["email"] == session.person.email
        fields = [("csrf", dict(reader.fields(page, path))["csrf"]), ("act", "confirm")]
        said.append(text_of(reader.post(path, fields)))
    assert "This address has confirmed" in said[0]
    assert "The e-mail address is changed" in said[1]
    assert mailing.me(session)["email"] == address
    ended = reader.get(f"/email-changes/{tokens[0]}")
    assert ended.status_code == 404
    assert "no longer valid" in text_of(ended)
    # The session of the console goes on, with the new address.
    assert address in visitor.get("/account/sessions").text
    visitor.close()


def test_the_new_address_does_not_learn_the_present_one(mailing: Mailing, reader: Visitor) -> None:
    session = mailing.session()
    _, _, new = mailing.tokens(session)
    assert session.person.email not in reader.get(f"/email-changes/{new}").text


def test_a_link_cannot_be_posted_from_another_site(mailing: Mailing, reader: Visitor) -> None:
    session = mailing.session()
    _, old, _ = mailing.tokens(session)
    path = f"/email-changes/{old}"
    page = reader.get(path)
    fields = [("csrf", dict(reader.fields(page, path))["csrf"]), ("act", "confirm")]
    forged = reader.post(path, fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    assert reader.post(path, [("act", "confirm")]).status_code in (303, 403)
    assert not mailing.me(session)["emailChange"]["presentAddressConfirmed"]
    declined = reader.post(path, [*fields[:1], ("act", "decline")])
    assert "The change is declined" in text_of(declined)
    assert mailing.me(session)["emailChange"] is None


def test_wrong_passwords_and_addresses_are_errors_at_their_field(mailing: Mailing) -> None:
    session = mailing.session()
    visitor = Visitor(mailing.world.server.url, mailing.world.vault)
    visitor.sign_in(session.person)
    password = session.person.password
    for address, typed, field in (
        (new_email(), mailing.world.vault.password(), "current_password"),
        ("nobody", password, "new_email"),
        (session.person.email, password, "new_email"),
    ):
        refused = visitor.fill(visitor.get(PAGE), EMAIL, act="ask", new_email=address, current_password=typed)
        assert refused.status_code == 422
        assert f'id="e-{field}"' in refused.text
        assert dict(visitor.fields(refused, EMAIL))["new_email"] == address
        assert typed not in refused.text
    visitor.close()


def test_an_owner_confirms_for_a_lost_mailbox_in_the_console(mailing: Mailing) -> None:
    session = mailing.session("MEMBER")
    address, _, new = mailing.tokens(session)
    owner = Visitor(mailing.world.server.url, mailing.world.vault)
    owner.sign_in(mailing.world.account.owner)
    path = f"/account/members/{session.person.user_id}"
    page = owner.get(path)
    assert address in text_of(page)
    fields = [("csrf", owner.csrf()), ("act", "email"), ("approve", address)]
    assert owner.post(path, fields).status_code == 303
    assert mailing.answer(new).expect(200).data() == {"changed": True}
    owner.close()


def test_time_zones_are_found_by_their_region(world: World, new_visitor: NewVisitor) -> None:
    """597 names in one list could not be searched."""
    colleague, visitor = new_visitor(world.person("VIEWER")), new_visitor(world.person("VIEWER"))
    colleague.fill(colleague.get(PAGE), PAGE, time_zone="America/Argentina/Ushuaia")
    visitor.fill(visitor.get(PAGE), PAGE, time_zone="Asia/Tokyo")
    page = visitor.get(PAGE).text
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, re.DOTALL)
    names = [name for name, _ in groups]
    assert names[:3] == ["Used in your account, and UTC", "Europe", "Africa"]
    first = re.findall(r'<option value="([^"]*)"', groups[0][1])
    assert first[0] == "Asia/Tokyo"
    assert {"America/Argentina/Ushuaia", "UTC"} <= set(first)
    assert '<option value="Europe/Berlin">Berlin</option>' in groups[1][1]
    assert ">Argentina, Buenos Aires<" in dict(groups)["America"]
    assert page.count('value="Asia/Tokyo" selected') == 1
    assert "US/Pacific" not in page
    refused = visitor.fill(visitor.get(PAGE), PAGE, time_zone="Mars/Olympus")
    assert refused.status_code == 422
    assert dict(visitor.fields(refused, PAGE))["time_zone"] == "Mars/Olympus"


def test_a_time_has_its_zone_wherever_the_zone_has_no_name(world: World, new_visitor: NewVisitor) -> None:
    visitor = new_visitor(world.person("VIEWER"))
    visitor.fill(visitor.get(PAGE), PAGE, time_zone="America/Sao_Paulo")
    assert re.search(r">\d+ \w+, \d\d:\d\d UTC-03<", visitor.get("/account/sessions").text)
