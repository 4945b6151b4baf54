"""The pages of a forgotten password, and of a link that an Owner or Admin makes."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.client import PASSWORD_LINK
from harness.people import Person, login, new_email, sign_in
from harness.smtp_sink import SmtpSink
from harness.world import World
from password_reset.links import SUBJECT, link_for, mail_person, token_in

ASK = "/password-reset"
SAME = "If this address has an account, a link is on its way. It works for 30 minutes, once."


def made_in(page: httpx.Response, world: World) -> str:
    """The path of the link that a page shows."""
    return f"/password-reset/{token_in(world, page.text)}"


def test_a_forgotten_password_is_reset_without_script(
    engine: str, smtp_sink: SmtpSink, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    person, visitor = mail_person(world, smtp_sink), Visitor(world.server.url, world.vault)
    assert 'formaction="/sign-in/forgotten-password"' in visitor.get("/sign-in").text
    for email in (person.email, new_email()):
        asked = visitor.fill(visitor.get(ASK), ASK, email=email)
        assert (asked.status_code, asked.headers["location"]) == (303, "/password-reset?done=reset-requested")
        assert SAME in text_of(visitor.get(asked.headers["location"]))
    (mail,) = smtp_sink.wait_for_all(person.email, 1, SUBJECT)
    link = f"/password-reset/{token_in(world, mail.text())}"
    page = visitor.get(link)
    new = world.vault.password()
    done = visitor.fill(page, new_password=new)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?done=password-reset")
    assert "set-cookie" not in done.headers, "nobody is signed in"
    assert "Your password is changed. Sign in with it." in text_of(visitor.get(done.headers["location"]))
    assert visitor.sign_in(Person(person.user_id, person.email, new, "MEMBER")).status_code == 303
    assert "no longer valid" in text_of(visitor.get(link))
    visitor.close()


def test_without_mail_the_page_says_who_can_make_a_link(new_visitor: NewVisitor) -> None:
    page = new_visitor().get(ASK)
    assert page.status_code == 200
    assert "An Owner or Admin of your account can create a link for you" in text_of(page)
    assert "<form" not in page.text


def test_opening_a_link_does_not_use_it(world: World, new_visitor: NewVisitor) -> None:
    """Security rule 149: mail scanners open links."""
    person = world.person()
    path = f"/password-reset/{link_for(world, person)}"
    visitor = new_visitor()
    for _ in range(3):
        page = visitor.get(path)
        assert page.status_code == 200
        assert visitor.http.head(path).status_code == 200
    assert visitor.fill(page, new_password=world.vault.password()).status_code == 303


def test_the_page_of_a_link_keeps_its_token(world: World, new_visitor: NewVisitor) -> None:
    """Security rule 153: in no Referer, in no cache, in no page, in no log."""
    person, visitor = world.person(), new_visitor()
    token = link_for(world, person)
    page = visitor.get(f"/password-reset/{token}")
    assert page.headers["referrer-policy"] == "strict-origin"
    assert page.headers["cache-control"] == "no-store"
    assert token not in page.text
    refused = visitor.fill(page, new_password="short")
    assert refused.status_code == 422
    assert refused.headers["referrer-policy"] == "strict-origin"
    assert token not in refused.text
    assert 'id="e-new_password"' in refused.text
    ended = visitor.get(f"/password-reset/{token[:-1]}")
    assert (ended.status_code, ended.headers["referrer-policy"]) == (404, "no-referrer")
    assert token.encode() not in world.server.log_text()
    routes = {event.get("route") for event in world.server.log_events("request")}
    assert "/password-reset/{token}" in routes


def test_the_form_of_a_link_needs_its_own_page(world: World, new_visitor: NewVisitor) -> None:
    """A page of another site must not choose the password of a link that it knows."""
    person = world.person()
    path = f"/password-reset/{link_for(world, person)}"
    visitor, new = new_visitor(), world.vault.password()
    page = visitor.get(path)
    csrf = dict(visitor.fields(page))["csrf"]
    crossed = visitor.post(path, [("csrf", csrf), ("new_password", new)], headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    assert visitor.post(path, [("csrf", "0" * 64), ("new_password", new)]).status_code == 403
    assert new_visitor().post(path, [("csrf", csrf), ("new_password", new)]).status_code in (303, 403)
    sign_in(world.api, person)


def test_password_managers_find_their_fields(world: World, new_visitor: NewVisitor) -> None:
    page = new_visitor().get(f"/password-reset/{link_for(world, world.person())}").text
    assert re.search(r'<input id="new_password"[^>]*autocomplete="new-password"', page)
    assert re.search(r'<input class="visually-hidden"[^>]*autocomplete="username"', page)


def test_an_owner_makes_a_link_for_a_member(world: World, new_visitor: NewVisitor, owner: Visitor) -> None:
    person = world.person("ADMIN")
    member = f"/account/members/{person.user_id}"
    form = owner.get(member)
    made = owner.fill(form, f"{member}/password-link")
    assert made.status_code == 200
    assert person.email in text_of(made)
    again = owner.fill(form, f"{member}/password-link")
    assert PASSWORD_LINK.findall(again.text) == PASSWORD_LINK.findall(made.text), "a form that is sent twice acts once"
    new, joining = world.vault.password(), new_visitor()
    assert joining.fill(joining.get(made_in(made, world)), new_password=new).status_code == 303
    login(world.api, person.email, new).expect(200)


def test_the_page_of_a_person_offers_a_link_only_where_it_works(
    world: World, new_visitor: NewVisitor, owner: Visitor, someone: Person
) -> None:
    admin, disabled = world.person("ADMIN"), world.person()
    world.api.patch(f"/account/users/{disabled.user_id}", bearer=world.owner.access, json={"disabled": True}).expect(
        200
    )
    button = "Create a password link"
    assert button not in text_of(owner.get(f"/account/members/{someone.user_id}"))
    assert button not in text_of(owner.get(f"/account/members/{disabled.user_id}"))
    visitor = new_visitor(admin)
    assert button not in text_of(visitor.get(f"/account/members/{someone.user_id}"))
    refused = visitor.post(f"/account/members/{someone.user_id}/password-link", [("csrf", visitor.csrf())])
    assert refused.status_code == 403
    assert "Only an Owner can create a password link for an Owner." in text_of(refused)
    refused = visitor.post(f"/account/members/{disabled.user_id}/password-link", [("csrf", visitor.csrf())])
    assert refused.status_code == 409


def test_a_malformed_address_is_refused_at_its_field(smtp_sink: SmtpSink, fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite", LINKXG_SMTP_URL=smtp_sink.url)
    visitor = Visitor(world.server.url, world.vault)
    refused = visitor.fill(visitor.get(ASK), ASK, email="mira at example.test")
    assert refused.status_code == 400
    assert 'id="e-email"' in refused.text
    assert dict(visitor.fields(refused, ASK))["email"] == "mira at example.test"
    visitor.close()


def test_the_address_typed_at_sign_in_is_carried_and_in_no_url(
    smtp_sink: SmtpSink, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world("sqlite", LINKXG_SMTP_URL=smtp_sink.url)
    visitor, password = Visitor(world.server.url, world.vault), world.vault.invent("mistyped password", length=24)
    page = visitor.get("/sign-in")
    typed = {"email": "mira@example.test", "password": password}
    form = [(name, typed.get(name, value)) for name, value in visitor.fields(page, "/sign-in")]
    opened = visitor.post("/sign-in/forgotten-password", form)
    assert opened.status_code == 200
    assert dict(visitor.fields(opened, ASK))["email"] == "mira@example.test"
    assert password not in opened.text
    assert visitor.fill(opened, ASK).status_code == 303
    # Without script, the Enter key presses the first button of a form.
    assert re.findall(r"<button[^>]*?(formaction|class=\"primary\")", page.text)[0] == 'class="primary"'
    carried = visitor.post("/sign-in/sso", [(name, value) for name, value in form if name != "password"])
    assert dict(visitor.fields(carried, "/sign-in"))["email"] == "mira@example.test", "no provider of this domain"
    assert b"mira@example.test" not in world.server.log_text()
    visitor.close()
