"""The console signs nobody in who has a second factor and does not use it. Security rules 129, 132 and 138."""

from __future__ import annotations

from console.browser import text_of
from console.conftest import NewVisitor
from harness.factors import add_totp, forget_steps, person_with_totp
from harness.people import Person, refresh, session_of
from harness.world import World
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
