"""A stranger creates an account in the console, where the operator permits it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.people import new_email
from harness.rows import execute
from harness.sign_ups import token_for
from harness.smtp_sink import SmtpSink
from harness.world import World, build_world
from network.partners import invite, token_of


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    started = SmtpSink().start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def open_world(new_server: ServerFactory, engine: str, sink: SmtpSink) -> Iterator[World]:
    yield from checked_for_leaks(build_world(new_server(engine, LINKXG_SIGN_UP="open", LINKXG_SMTP_URL=sink.url)))


@pytest.fixture(scope="module")
def closed(new_server: ServerFactory, engine: str) -> Iterator[World]:
    yield from checked_for_leaks(build_world(new_server(engine, LINKXG_SIGN_UP="")))


@pytest.fixture
def stranger(open_world: World) -> Iterator[Visitor]:
    visitor = Visitor(open_world.server.url, open_world.vault)
    yield visitor
    visitor.close()


def _link(world: World, sink: SmtpSink, visitor: Visitor, email: str) -> str:
    answer = visitor.fill(visitor.get("/sign-up"), "/sign-up", email=email)
    assert answer.headers["location"] == "/sign-up?done=sign-up-requested"
    assert "Check your mail" in text_of(visitor.get(answer.headers["location"]))
    return f"/sign-up/{token_for(world, sink, email)}"


def test_a_stranger_creates_an_account_and_is_told_the_next_steps(
    open_world: World, sink: SmtpSink, stranger: Visitor
) -> None:
    sign_in = stranger.get("/sign-in").text
    assert 'href="/sign-up"' in sign_in
    assert "You need an invitation" not in sign_in
    email, password = new_email("olivia"), open_world.vault.password()
    link = _link(open_world, sink, stranger, email)
    form = stranger.get(link)
    assert form.headers["referrer-policy"] == "strict-origin"
    assert email in text_of(form)
    answer = stranger.fill(form, accountName="  Öko Möbel GmbH ", password=password)
    assert answer.headers["location"] == "/account/welcome?done=account-created"
    open_world.vault.remember("console cookie", str(stranger.http.cookies["linkxg"]))
    welcome = stranger.get(answer.headers["location"])
    assert "Your account is created" in text_of(welcome)
    for step in ("/account/api-access/new", "/account/members", "/products/new", "/account/company", "/partners"):
        assert f'href="{step}"' in welcome.text, step
        assert stranger.get(step).status_code == 200, step
    assert dict(stranger.fields(stranger.get("/account/company")))["name"] == "Öko Möbel GmbH"
    ended = stranger.get(link)
    assert ended.status_code == 404
    assert 'href="/sign-up"' in ended.text


def test_a_refused_form_keeps_the_name_and_the_link(open_world: World, sink: SmtpSink, stranger: Visitor) -> None:
    link = _link(open_world, sink, stranger, new_email())
    refused = stranger.fill(stranger.get(link), accountName="=?Acme?=", password="short")
    assert refused.status_code == 422
    assert "<title>Error: " in refused.text
    assert ('id="e-accountName"' in refused.text, 'id="e-password"' in refused.text) == (True, True)
    assert dict(stranger.fields(refused))["accountName"] == "=?Acme?="
    assert "short" not in dict(stranger.fields(refused)).values()
    done = stranger.fill(refused, accountName="Acme", password=open_world.vault.password())
    assert done.status_code == 303
    open_world.vault.remember("console cookie", str(stranger.http.cookies["linkxg"]))


def test_an_invalid_address_is_refused_at_its_field(stranger: Visitor) -> None:
    refused = stranger.fill(stranger.get("/sign-up"), "/sign-up", email="olivia at acme")
    assert refused.status_code == 422
    assert 'id="e-email"' in refused.text
    assert dict(stranger.fields(refused, "/sign-up"))["email"] == "olivia at acme"


def test_the_page_is_the_same_for_an_address_with_an_account(open_world: World, stranger: Visitor) -> None:
    """Security rule 180."""
    for email in (open_world.account.owner.email, new_email()):
        answer = stranger.fill(stranger.get("/sign-up"), "/sign-up", email=email)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-up?done=sign-up-requested")


def test_opening_a_link_creates_nothing(open_world: World, sink: SmtpSink, stranger: Visitor) -> None:
    """Security rule 181: mail filters open links; a form needs the cookie of its browser."""
    link = _link(open_world, sink, stranger, new_email())
    for _ in range(3):
        assert stranger.get(link).status_code == 200
    fields = {"accountName": "Acme", "password": open_world.vault.password()}
    bare = Visitor(open_world.server.url, open_world.vault)
    assert bare.post(link, fields.items()).status_code == 303
    assert bare.post(link, (fields | {"csrf": "0" * 64}).items()).headers["location"].startswith("/sign-in")
    bare.close()
    assert stranger.get(link).status_code == 200


def test_who_is_signed_in_is_signed_out_by_a_new_account(open_world: World, sink: SmtpSink, stranger: Visitor) -> None:
    owner = open_world.account.owner
    assert stranger.sign_in(owner).status_code == 303
    open_world.vault.remember("console cookie", str(stranger.http.cookies["linkxg"]))
    form = stranger.get(_link(open_world, sink, stranger, new_email()))
    assert f"This ends your session as {owner.email}" in text_of(form)
    answer = stranger.fill(form, accountName="Second Ltd", password=open_world.vault.password())
    assert answer.headers["location"].startswith("/account/welcome")
    open_world.vault.remember("console cookie", str(stranger.http.cookies["linkxg"]))
    assert "Second Ltd" in text_of(stranger.get("/account/welcome"))


def test_a_closed_server_says_who_creates_accounts(world: World, closed: World, new_visitor: NewVisitor) -> None:
    visitor, stranger = Visitor(closed.server.url, closed.vault), new_visitor()
    for page, words in ((visitor.get("/sign-up"), "Its operator creates them"), (stranger.get("/sign-up"), "invit")):
        assert page.status_code == 403
        assert words in text_of(page)
        assert 'href="/sign-in"' in page.text
    assert visitor.get("/sign-up/lxgsup_none").status_code == 403
    sign_in = visitor.get("/sign-in").text
    assert 'href="/sign-up"' not in sign_in
    assert "You need an invitation" in sign_in
    visitor.close()


def test_a_closed_server_tells_inviter_and_invited(closed: World) -> None:
    """The link of a partner shows no form that would be refused, and connects the account that the operator creates."""
    world, email = closed, new_email()
    link = f"/connections/invitations/{token_of(invite(world, world.owner, inviteeEmail=email).expect(201))}"
    visitor = Visitor(world.server.url, world.vault)
    page = visitor.get(link)
    assert page.status_code == 200
    assert "This server does not create accounts over the network: its operator does." in text_of(page)
    assert 'name="password"' not in page.text
    form = visitor.get("/sign-in")
    sent = {"csrf": dict(visitor.fields(form, "/sign-in"))["csrf"], "accountName": "A", "password": "x" * 20}
    assert visitor.post(link, sent.items()).status_code == 403
    password = world.vault.password()
    arguments = ["--account", "Weaver Ltd", "--owner-email", email, "--password-stdin", "--additional"]
    world.server.command("bootstrap", *arguments, stdin=password.encode())
    # Without mail the inviter has the link, and does not learn from its page that the address has an account now.
    assert text_of(visitor.get(link)) == text_of(page)
    visitor.fill(visitor.get("/sign-in"), "/sign-in", email=email, password=password)
    world.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    connected = visitor.fill(visitor.get(link))
    assert connected.headers["location"].startswith("/partners/")
    told = visitor.fill(visitor.get("/partners"), "/partners", invitee=new_email())
    assert "the operator of this server has to create one" in text_of(told)
    found = told.text.partition("/connections/invitations/")[2].partition("<")[0]
    world.vault.remember("invitation token", found)
    visitor.close()


def test_an_expired_link_leads_to_a_new_one(open_world: World, sink: SmtpSink, stranger: Visitor) -> None:
    link = _link(open_world, sink, stranger, new_email())
    form = stranger.get(link)
    execute(open_world.server.database, "UPDATE sign_ups SET expires_at = created_at")
    for page in (
        stranger.get(link),
        stranger.fill(form, accountName="Late Ltd", password=open_world.vault.password()),
    ):
        assert page.status_code == 404
        assert 'href="/sign-up"' in page.text
