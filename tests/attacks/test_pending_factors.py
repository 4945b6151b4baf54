"""A stolen password steals no second factor that its owner is setting up. Security rule 203."""

from __future__ import annotations

import re

from attacks.test_required_factor import begin, confirm, enrollment_token
from attacks.test_required_passkey import enroll, new_member, options_of
from console.browser import text_of
from console.conftest import NewVisitor
from harness.factors import Authenticator, add_totp, begin_totp, sign_in_with_factor
from harness.passkeys import new_authenticator, register
from harness.people import Person, me, sign_in
from harness.rows import count
from harness.world import World

SET_UP = "/sign-in/set-up"


def _pending(world: World, person: Person) -> int:
    sql = f"SELECT count(*) FROM totp_factors WHERE user_id = '{person.user_id}' AND confirmed_at IS NULL"
    return count(world.server.database, sql)


def _secret(world: World, text: str) -> str:
    found = re.search(r'id="totp-secret" class="secret">([^<]+)<', text)
    assert found is not None
    return world.vault.remember("secret of an authenticator app", found[1].replace(" ", ""))


def test_rule_203_a_wrong_code_shows_nobody_the_secret_of_another_sign_in(
    world: World, new_visitor: NewVisitor
) -> None:
    person = new_member(world)
    thief, owner = new_visitor(), new_visitor()
    stolen, asked = thief.sign_in(person), owner.sign_in(person)
    theirs, mine = _secret(world, stolen.text), _secret(world, asked.text)
    assert theirs != mine
    again = thief.fill(stolen, SET_UP, code="000000")
    assert again.status_code == 401
    assert _secret(world, again.text) == theirs
    app = Authenticator(mine)
    inside = owner.fill(asked, SET_UP, code=app.code())
    assert inside.status_code == 200, text_of(inside)
    for code in owner.fields(inside, "/account/security/codes"):
        world.vault.remember("recovery code", code[1])
    late = thief.fill(again, SET_UP, code=Authenticator(theirs).code())
    assert late.status_code == 401
    assert thief.get("/account/sessions").headers["location"].startswith("/sign-in")


def test_rule_203_another_sign_in_neither_replaces_nor_confirms_the_app(world: World) -> None:
    person = new_member(world)
    mine = enrollment_token(world, person)
    app = begin(world, mine)
    stolen = enrollment_token(world, person)
    theirs = begin(world, stolen)
    confirm(world, mine, theirs.code()).expect(401, "invalid_credentials")
    confirm(world, stolen, app.code()).expect(401, "invalid_credentials")
    app.last = 0
    for code in confirm(world, mine, app.code()).expect(200).data()["recoveryCodes"]:
        world.vault.remember("recovery code", code)
    assert _pending(world, person) == 0


def test_rule_203_another_session_neither_replaces_nor_confirms_the_app(world: World) -> None:
    person = world.person()
    mine, stolen = sign_in(world.api, person), sign_in(world.api, person)
    app, theirs = begin_totp(world.api, mine.access), begin_totp(world.api, stolen.access)
    path = "/auth/factors/totp/confirm"
    wrong = world.api.post(path, bearer=stolen.access, json={"code": app.code()})
    wrong.expect(422, "validation_failed")
    app.last = 0
    answer = world.api.post(path, bearer=mine.access, json={"code": app.code()}, reveals=True).expect(200)
    for code in answer.data()["recoveryCodes"]:
        world.vault.remember("recovery code", code)
    world.api.post(path, bearer=stolen.access, json={"code": theirs.code()}).expect(401, "invalid_token")
    assert _pending(world, person) == 0


def test_rule_203_the_settings_page_shows_the_app_of_its_own_session(world: World, new_visitor: NewVisitor) -> None:
    person = world.person()
    thief, owner = new_visitor(person), new_visitor(person)
    mine = _secret(world, owner.fill(owner.get("/account/security"), "/account/security", act="app").text)
    csrf = thief.csrf()
    wrong = thief.post("/account/security", [("csrf", csrf), ("act", "confirm"), ("code", "000000")])
    assert wrong.status_code == 422
    assert mine not in text_of(wrong).replace(" ", "")
    assert "Begin again" in text_of(wrong)


def test_rule_203_apps_that_wait_are_bounded(world: World) -> None:
    person = new_member(world)
    for _ in range(25):
        begin(world, enrollment_token(world, person))
    assert _pending(world, person) == 20


def test_rule_203_a_passkey_is_added_where_it_was_begun(world: World) -> None:
    person = new_member(world)
    mine, stolen = enrollment_token(world, person), enrollment_token(world, person)
    options = options_of(world, mine)
    # Not even many others make the person begin again.
    for _ in range(12):
        others = options_of(world, stolen)
    enroll(world, mine, new_authenticator(world).create(others)).expect(401, "invalid_credentials")
    for code in enroll(world, mine, new_authenticator(world).create(options)).expect(200).data()["recoveryCodes"]:
        world.vault.remember("recovery code", code)


def test_rule_203_a_session_answers_no_passkey_challenge_of_another(world: World) -> None:
    person = world.person()
    mine, stolen = sign_in(world.api, person), sign_in(world.api, person)
    path = "/auth/factors/passkeys/options"
    options = world.api.post(path, bearer=mine.access).expect(200).data()["publicKey"]
    register(world, stolen, new_authenticator(world).create(options)).expect(422, "validation_failed")
    for _ in range(12):
        world.api.post(path, bearer=stolen.access).expect(200)
    options = world.api.post(path, bearer=mine.access).expect(200).data()["publicKey"]
    register(world, mine, new_authenticator(world).create(options)).expect(201)
    me(world.api, mine.access).expect(200)


def test_rule_203_the_app_that_was_confirmed_signs_in(world: World) -> None:
    """Also where others had begun: the confirmed app is the one that was shown."""
    person = world.person()
    session, other = sign_in(world.api, person), sign_in(world.api, person)
    begin_totp(world.api, other.access)
    app = add_totp(world.api, session)
    me(world.api, sign_in_with_factor(world.api, person, app.code()).access).expect(200)
