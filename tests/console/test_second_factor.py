"""Second factors in the console: set-up, sign-in in two steps, confirmation by a code, the reset by an Owner.

Security rules 101, 128 and 131 to 134."""

from __future__ import annotations

import re

import httpx
import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.factors import Authenticator, forget_steps, person_with_totp
from harness.people import Person, login, me, sign_in
from harness.rows import count, execute, rows
from harness.world import World

PAGE = "/account/security"
_KEY = re.compile(r'id="totp-secret" class="secret">([A-Z2-7]+)<')
_CODE = re.compile(r"<li><code>([0-9a-z-]{20,})</code></li>")


def set_up(world: World, visitor: Visitor) -> Authenticator:
    """Through the page; the recovery codes are those that the last page shows."""
    shown = visitor.post(PAGE, [("csrf", visitor.csrf()), ("act", "app")])
    found = _KEY.search(shown.text)
    assert found is not None, text_of(shown)
    app = Authenticator(world.vault.remember("secret of an authenticator app", found[1]))
    done = visitor.fill(shown, PAGE, code=app.code())
    assert done.status_code == 200, text_of(done)
    app.codes = [world.vault.remember("recovery code", code) for code in _CODE.findall(done.text)]
    return app


def first_step(visitor: Visitor, person: Person, **values: str) -> httpx.Response:
    asked = visitor.sign_in(person, **values)
    assert asked.status_code == 200, text_of(asked)
    assert "Enter a code" in text_of(asked)
    return asked


def age(world: World, person: Person) -> None:
    """Let the person's console sessions have been authenticated eleven minutes ago."""
    earlier = "authenticated_at = authenticated_at - 660000"
    execute(world.server.database, f"UPDATE sessions SET {earlier} WHERE user_id = '{person.user_id}'")


@pytest.fixture
def enrolled(world: World, someone: Person) -> tuple[Person, Authenticator]:
    _, app = person_with_totp(world.api, someone)
    forget_steps(world, someone, app)
    return someone, app


def test_an_app_is_set_up_and_the_codes_are_shown_once(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("VIEWER")
    visitor, api = new_visitor(person), sign_in(world.api, person)
    before = text_of(visitor.get(PAGE))
    assert "Your password alone signs you in." in before
    app = set_up(world, visitor)
    assert len(set(app.codes)) == 10
    page = visitor.get(PAGE)
    assert "10 of 10 are left." in text_of(page)
    assert not any(code in page.text for code in app.codes)
    assert app.secret not in page.text
    me(world.api, api.access).expect(401, "invalid_token")
    login(world.api, person.email, person.password).expect(401, "mfa_required")


def test_the_set_up_page_works_on_a_phone(world: World, owner: Visitor) -> None:
    shown = owner.post(PAGE, [("csrf", owner.csrf()), ("act", "app")])
    field = re.search(r'<input id="code"[^>]*>', shown.text)
    assert field is not None
    assert 'inputmode="numeric" autocomplete="one-time-code"' in field[0]
    assert "<svg" in shown.text
    link = re.search(r'href="(otpauth://totp/[^"]+)"', shown.text)
    assert link is not None
    key = _KEY.search(shown.text)
    assert key is not None
    world.vault.remember("secret of an authenticator app", key[1])
    assert f"secret={key[1]}" in link[1]
    wrong = owner.fill(shown, PAGE, code="000000")
    assert wrong.status_code == 422
    assert "<title>Error: " in wrong.text
    assert "The code is incorrect." in text_of(wrong)
    assert key[1] in wrong.text, "the app does not have to be set up again"


def test_codes_are_downloaded_from_the_page_that_shows_them(world: World, owner: Visitor, someone: Person) -> None:
    shown = owner.post(PAGE, [("csrf", owner.csrf()), ("act", "app")])
    key = _KEY.search(shown.text)
    assert key is not None
    app = Authenticator(world.vault.remember("secret of an authenticator app", key[1]))
    done = owner.fill(shown, PAGE, code=app.code())
    codes = [world.vault.remember("recovery code", code) for code in _CODE.findall(done.text)]
    file = owner.fill(done, f"{PAGE}/codes")
    assert file.headers["content-disposition"] == 'attachment; filename="linkxg-recovery-codes.txt"'
    assert all(code in file.text for code in codes)
    assert someone.email in file.text
    for planted in ([], [("code", "<b>planted</b>")], [("code", codes[0])] * 11):
        assert owner.post(f"{PAGE}/codes", [("csrf", owner.csrf()), *planted]).status_code == 400


def test_codes_are_replaced_after_a_question(
    world: World, new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    visitor.fill(first_step(visitor, person), "/sign-in/code", code=app.code())
    asked = visitor.post(PAGE, [("csrf", visitor.csrf()), ("act", "codes")])
    assert "The 10 codes that you have left stop working now." in text_of(asked)
    done = visitor.fill(asked, sure="yes")
    fresh = [world.vault.remember("recovery code", code) for code in _CODE.findall(done.text)]
    assert len(fresh) == 10
    assert not set(fresh) & set(app.codes)


def test_the_last_factor_is_removed_after_a_question(
    world: World, new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    visitor.fill(first_step(visitor, person), "/sign-in/code", code=app.code())
    fields = [pair for pair in visitor.fields(visitor.get(PAGE), PAGE) if pair[0] in ("csrf", "act", "factor")]
    asked = visitor.post(PAGE, fields)
    assert "Your password alone signs you in from now on" in text_of(asked)
    done = visitor.get(visitor.fill(asked, sure="yes").headers["location"])
    assert "The second factor is removed." in text_of(done)
    login(world.api, person.email, person.password).expect(200)
    gone = visitor.post(PAGE, [("csrf", visitor.csrf()), ("act", "remove"), ("factor", "none")])
    assert gone.status_code == 404


def test_rule_132_a_sign_in_takes_two_steps_and_keeps_where_it_led(
    new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    asked = first_step(visitor, person, next="/products?q=bolt")
    assert visitor.get("/account/sessions").status_code == 303, "nobody is signed in yet"
    answer = visitor.fill(asked, "/sign-in/code", code=app.code())
    assert answer.headers["location"] == "/products?q=bolt"
    assert visitor.get("/account/sessions").status_code == 200


def test_a_recovery_code_can_be_typed_on_a_phone(
    new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    asked = first_step(visitor, person)
    assert "Use a recovery code instead" in text_of(asked)
    other = visitor.fill(asked, "/sign-in/code", code="12", switch="recovery")
    assert other.status_code == 200, "no attempt was made"
    field = re.search(r'<input id="code"[^>]*>', other.text)
    assert field is not None
    assert "numeric" not in field[0]
    wrong = visitor.fill(other, "/sign-in/code", code="000000-000000-000000-000000")
    assert wrong.status_code == 401
    assert "Enter a recovery code" in text_of(wrong)
    assert visitor.fill(wrong, "/sign-in/code", code=app.codes[0].upper()).status_code == 303
    assert "9 of 10 are left." in text_of(visitor.get(PAGE))


def test_rule_131_after_five_wrong_codes_the_sign_in_begins_again_with_its_address(
    world: World, new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    asked = first_step(visitor, person, next="/imports")
    execute(world.server.database, f"UPDATE mfa_challenges SET failures = 5 WHERE user_id = '{person.user_id}'")
    ended = visitor.fill(asked, "/sign-in/code", code=app.code())
    assert ended.status_code == 401
    assert "too many codes were wrong. Sign in again." in text_of(ended)
    kept = dict(visitor.fields(ended, "/sign-in"))
    assert (kept["email"], kept["next"]) == (person.email, "/imports")


def test_a_carried_form_survives_both_steps(
    world: World, new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    visitor.fill(first_step(visitor, person), "/sign-in/code", code=app.code())
    form = visitor.get("/account/api-access/new")
    end_sessions(world, person)
    asked = visitor.fill(form, "/account/api-access/new", name="Typed before", ranges="10.0.0.1/8")
    assert "Sign in, and your input is saved." in text_of(asked)
    step = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    wrong = visitor.fill(step, "/sign-in/code", code="000000")
    assert wrong.status_code == 401
    answer = visitor.fill(wrong, "/sign-in/code", code=app.code())
    assert answer.status_code == 422
    assert 'value="Typed before"' in answer.text


def end_sessions(world: World, person: Person) -> None:
    execute(world.server.database, f"UPDATE sessions SET refresh_expires_at = 1 WHERE user_id = '{person.user_id}'")


def test_rule_101_a_person_with_a_factor_confirms_with_password_and_code(
    world: World, new_visitor: NewVisitor, enrolled: tuple[Person, Authenticator]
) -> None:
    person, app = enrolled
    visitor = new_visitor()
    visitor.fill(first_step(visitor, person), "/sign-in/code", code=app.code())
    forget_steps(world, person, app)
    age(world, person)
    victim = world.person("VIEWER")
    page = f"/account/members/{victim.user_id}"
    asked = visitor.post(page, [("csrf", visitor.csrf()), ("act", "disable")])
    assert "Code of your authenticator app" in text_of(asked)
    for fields, said in (
        ({"confirm_code": ""}, "Enter a code."),
        ({"confirm_code": "000000"}, "The code is incorrect, or was used before."),
        ({"confirm_password": "not the password", "confirm_code": app.code()}, "The password is incorrect."),
    ):
        refused = visitor.fill(asked, **{"confirm_password": person.password} | fields)
        assert refused.status_code == 403
        assert said in text_of(refused)
    forget_steps(world, person, app)
    execute(world.server.database, "DELETE FROM login_failures")
    other = visitor.fill(asked, confirm_password=person.password, confirm_switch="recovery")
    assert other.status_code == 200
    assert "Recovery code" in text_of(other)
    done = visitor.fill(other, confirm_password=person.password, confirm_code=app.codes[1])
    assert done.status_code == 303, text_of(done)
    disabled = f"SELECT disabled FROM users WHERE id = '{victim.user_id}'"
    assert rows(world.server.database, disabled)[0][0] in ("1", "True", "true", "t")
    again = visitor.post(page, [("csrf", visitor.csrf()), ("act", "enable")])
    assert again.status_code == 303, "the confirmation lasts ten minutes"


def test_factors_change_only_after_a_recent_authentication(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("MEMBER")
    visitor = new_visitor(person)
    csrf = visitor.csrf()
    age(world, person)
    for act in ("app", "confirm"):
        asked = visitor.post(PAGE, [("csrf", csrf), ("act", act), ("code", "123456")])
        assert "Confirm it is you — " in text_of(asked), act
        assert "123456" not in asked.text
    assert count(world.server.database, f"SELECT count(*) FROM totp_factors WHERE user_id = '{person.user_id}'") == 0


def test_an_owner_resets_the_factors_of_a_person(world: World, owner: Visitor) -> None:
    person = world.person("ADMIN")
    person_with_totp(world.api, person)
    page = f"/account/members/{person.user_id}"
    listed = text_of(owner.get("/account/members"))
    assert re.search(rf"{re.escape(person.email)} Admin active yes", listed), listed
    asked = owner.post(page, [("csrf", owner.csrf()), ("act", "reset")])
    assert "make sure that it is really they who asked" in text_of(asked)
    login(world.api, person.email, person.password).expect(401, "mfa_required")
    done = owner.get(owner.fill(asked, sure="yes").headers["location"])
    assert "The person's second factors and recovery codes are removed" in text_of(done)
    login(world.api, person.email, person.password).expect(200)


def test_an_admin_resets_nobody(world: World, new_visitor: NewVisitor) -> None:
    person, admin = world.person("MEMBER"), new_visitor(world.person("ADMIN"))
    person_with_totp(world.api, person)
    page = f"/account/members/{person.user_id}"
    assert "Only an Owner can reset it." in text_of(admin.get(page))
    refused = admin.post(page, [("csrf", admin.csrf()), ("act", "reset"), ("sure", "yes")])
    assert refused.status_code == 403
    login(world.api, person.email, person.password).expect(401, "mfa_required")
