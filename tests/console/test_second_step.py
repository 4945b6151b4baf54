"""The console signs nobody in who has a second factor and does not use it. Security rules 129, 132 and 138."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.factors import add_totp, forget_steps, person_with_totp
from harness.passkeys import passkey_of
from harness.people import Person, refresh, session_of, sign_in
from harness.rows import execute
from harness.world import World, build_world
from network.partners import new_account

CODE = "/sign-in/code"


def test_a_password_leads_to_the_page_for_a_code(world: World, new_visitor: NewVisitor) -> None:
    person, visitor = world.person(), new_visitor()
    _, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    asked = visitor.sign_in(person, next="/account/sessions")
    assert asked.status_code == 200
    assert 'autocomplete="one-time-code"' in asked.text
    assert 'inputmode="numeric"' in asked.text
    assert visitor.get("/account/sessions").headers["location"].startswith("/sign-in")
    wrong = visitor.fill(asked, CODE, code="000000")
    assert wrong.status_code == 401
    assert "The code is incorrect." in text_of(wrong)
    code = app.code()
    assert visitor.fill(wrong, CODE, code=f"{code}\x0b7").status_code == 401
    inside = visitor.fill(wrong, CODE, code=f"{code[:3]} {code[3:]}")
    assert (inside.status_code, inside.headers["location"]) == (303, "/account/sessions")
    assert visitor.get("/account/sessions").status_code == 200
    again = visitor.fill(wrong, CODE, code=app.code())
    assert again.status_code == 401
    assert "Sign in again." in text_of(again)


def test_a_recovery_code_signs_in(world: World, new_visitor: NewVisitor) -> None:
    person, visitor = world.person(), new_visitor()
    _, app = person_with_totp(world.api, person)
    asked = visitor.sign_in(person)
    assert visitor.fill(asked, CODE, code=app.codes[0]).status_code == 303
    assert visitor.get("/account/sessions").status_code == 200
    other = new_visitor()
    assert other.fill(other.sign_in(person), CODE, code=app.codes[0]).status_code == 401


def test_the_page_for_a_code_is_bound_to_its_browser(world: World, new_visitor: NewVisitor) -> None:
    person, visitor, attacker = world.person(), new_visitor(), new_visitor()
    _, app = person_with_totp(world.api, person)
    asked = attacker.sign_in(person)
    fields = {**dict(attacker.fields(asked, CODE)), "code": app.codes[0]}
    visitor.get("/sign-in")
    assert visitor.post(CODE, fields.items()).status_code == 403


def test_many_wrong_codes_end_the_sign_in(world: World, new_visitor: NewVisitor) -> None:
    person, visitor = world.person(), new_visitor()
    _, app = person_with_totp(world.api, person)
    page = visitor.sign_in(person)
    for number in range(5):
        page = visitor.fill(page, CODE, code=f"{number:06}")
        assert page.status_code == 401
    ended = visitor.fill(page, CODE, code=app.codes[0])
    assert ended.status_code == 401
    assert "Sign in again." in text_of(ended)
    assert visitor.get("/account/sessions").headers["location"].startswith("/sign-in")


def test_a_required_factor_is_set_up_while_signing_in(world: World, new_visitor: NewVisitor) -> None:
    from harness.factors import Authenticator
    from harness.people import add_person

    owner = new_account(world)
    add_totp(world.api, owner)
    owner = session_of(owner.person, refresh(world.api, owner.refresh).expect(200))
    member: Person = add_person(world.api, owner, "MEMBER")
    before = new_visitor(member)
    world.api.patch("/account", bearer=owner.access, json={"mfaRequirement": "EVERYBODY"}).expect(200)
    assert before.get("/account/sessions").headers["location"].startswith("/sign-in")
    assert "your account requires a second factor now" in text_of(before.get("/sign-in"))
    visitor = new_visitor()
    page = visitor.sign_in(member, next="/account/sessions")
    assert page.status_code == 200
    assert "<svg" in page.text
    secret = page.text.partition('id="totp-secret"')[2].partition(">")[2].partition("<")[0]
    app = Authenticator(world.vault.remember("secret of an authenticator app", secret))
    wrong = visitor.fill(page, "/sign-in/set-up", code="000000")
    assert wrong.status_code == 401
    assert secret in wrong.text
    done = visitor.fill(wrong, "/sign-in/set-up", code=app.code())
    assert done.status_code == 200
    codes = [part.partition("<")[0] for part in done.text.split("<li><code>")[1:]]
    assert len({world.vault.remember("recovery code", code) for code in codes}) == 10
    assert visitor.get("/account/sessions").status_code == 200
    again = new_visitor()
    forget_steps(world, member, app)
    assert again.fill(again.sign_in(member), CODE, code=app.code()).status_code == 303


@pytest.fixture(scope="module")
def named_site(new_server: ServerFactory) -> Iterator[World]:
    """A server with a host name: browsers make no passkeys for an address."""
    server = new_server("sqlite")
    server.environment["LINKXG_PUBLIC_URL"] = f"http://localhost:{server.port}"
    yield from checked_for_leaks(build_world(server))


def without_codes(world: World, person: Person) -> None:
    execute(world.server.database, f"DELETE FROM recovery_codes WHERE user_id = '{person.user_id}'")


def second_page(world: World, person: Person) -> str:
    """The page after the password, of a browser that has just been opened."""
    visitor = Visitor(world.server.url, world.vault)
    try:
        page = visitor.sign_in(person)
        assert page.status_code == 200
        return f"{page.text} {text_of(page)}"
    finally:
        visitor.close()


def test_a_recovery_code_is_offered_only_to_those_who_have_one(world: World) -> None:
    person = world.person()
    person_with_totp(world.api, person)
    page = second_page(world, person)
    assert "Use a recovery code instead" in page
    assert "If you have lost your second factor and your recovery codes, ask an Owner" in page
    without_codes(world, person)
    page = second_page(world, person)
    assert "recovery code" not in page
    assert "If you have lost your second factor, ask an Owner" in page


def test_a_passkey_alone_is_asked_for_without_a_code(named_site: World) -> None:
    person = named_site.person()
    passkey_of(named_site, sign_in(named_site.api, person))
    page = second_page(named_site, person)
    assert "Or enter one of your recovery codes" in page
    assert 'name="code"' in page
    without_codes(named_site, person)
    page = second_page(named_site, person)
    assert "data-passkey-button" in page
    assert "recovery code" not in page
    assert 'name="code"' not in page, "there is no code that could be entered"


def test_a_passkey_that_cannot_be_used_here_is_said_to_be_the_reason(world: World) -> None:
    """The public address of this server is an IP address, of which browsers use no passkeys."""
    person = world.person()
    passkey_of(world, sign_in(world.api, person))
    assert "Recovery code" in second_page(world, person)
    without_codes(world, person)
    page = second_page(world, person)
    assert "Browsers use no passkeys at the address of this service" in page
    assert 'name="code"' not in page
    assert "ask an Owner of your account to reset it" in page


def test_a_confirmation_asks_only_for_what_the_person_has(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("OWNER")
    _, app = person_with_totp(world.api, person)
    visitor = new_visitor()
    visitor.fill(visitor.sign_in(person), CODE, code=app.codes[0])
    csrf = visitor.csrf()
    session = "authenticated_at = authenticated_at - 660000"
    execute(world.server.database, f"UPDATE sessions SET {session} WHERE user_id = '{person.user_id}'")

    def asked() -> str:
        return text_of(visitor.post("/account/security", [("csrf", csrf), ("act", "app")]))

    assert "Use a recovery code instead" in asked()
    without_codes(world, person)
    page = asked()
    assert "Code of your authenticator app" in page
    assert "recovery code" not in page
