"""What an account requires of sign-ins, in the console: told before, enforced after, and nothing typed is lost.

Security rules 136, 138 and 139."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from harness.factors import Authenticator, add_totp, forget_steps
from harness.people import Person, Session, add_person, login, sign_in
from harness.rows import execute, scalar
from harness.world import World

PAGE = "/account/sign-in-rules"
_KEY = re.compile(r'id="totp-secret" class="secret">([A-Z2-7]+)<')
_CODE = re.compile(r"<li><code>([0-9a-z-]{20,})</code></li>")
NewOne = Callable[[Person], Visitor]


@pytest.fixture
def ruled(fresh_world: Callable[..., World], engine: str) -> Iterator[tuple[World, NewOne]]:
    """An account of its own, whose rules a test may change, and visitors who have filled in the sign-in form."""
    world = fresh_world(engine)
    made: list[Visitor] = []

    def visit(person: Person) -> Visitor:
        made.append(Visitor(world.server.url, world.vault))
        made[-1].sign_in(person)
        return made[-1]

    yield world, visit
    for visitor in made:
        visitor.close()


def set_up(world: World, visitor: Visitor, asked: object) -> Authenticator:
    """At sign-in, from the page that asks for it; the codes are those that the answer shows."""
    found = _KEY.search(asked.text)  # type: ignore[attr-defined]
    assert found is not None
    return Authenticator(world.vault.remember("secret of an authenticator app", found[1]))


def owner_with_factor(world: World) -> tuple[Session, Authenticator]:
    session = sign_in(world.api, world.account.owner)
    return session, add_totp(world.api, session)


def enter(world: World, visit: NewOne, app: Authenticator) -> Visitor:
    """The Owner in the console, by password and code."""
    person = world.account.owner
    forget_steps(world, person, app)
    visitor = visit(person)
    asked = visitor.sign_in(person)
    assert visitor.fill(asked, "/sign-in/code", code=app.code()).status_code == 303
    return visitor


def test_rule_139_only_an_owner_sees_the_rules(ruled: tuple[World, NewOne]) -> None:
    world, visit = ruled
    admin = visit(add_person(world.api, world.owner, "ADMIN"))
    assert admin.get(PAGE).status_code == 403
    assert PAGE not in admin.get("/account/members").text


def test_the_owner_sees_whom_a_rule_concerns_before_it_does(ruled: tuple[World, NewOne]) -> None:
    world, visit = ruled
    owner = visit(world.account.owner)
    member = add_person(world.api, world.owner, "MEMBER")
    shown = owner.get(PAGE)
    assert "2 people have none here." in text_of(shown)
    assert member.email in text_of(shown)
    refused = owner.fill(shown, PAGE, requirement="ADMINISTRATORS", sure="yes")
    assert refused.status_code == 409
    assert "You have no second factor yourself: set one up first, or choose a day" in text_of(refused)
    assert owner.fill(shown, PAGE, requirement="EVERYBODY").status_code == 409, "before anything is asked"
    assert 'href="/account/security"' in refused.text
    for fields in ({"since": "2020-01-01"}, {"since": "tomorrow"}, {"minutes": "4"}, {"minutes": "many"}):
        wrong = owner.fill(shown, PAGE, **{"requirement": "EVERYBODY"} | fields)
        assert wrong.status_code == 422, fields
        assert dict(owner.fields(wrong, PAGE)) | fields == dict(owner.fields(wrong, PAGE)), "the input is kept"
    asked = owner.fill(shown, PAGE, requirement="EVERYBODY", since="2099-01-01")
    said = text_of(asked)
    assert f"2 people have no second factor yet: you, {member.email}." in said
    assert "You are one of them: your own session ends on 1 Jan 2099, 00:00 UTC too" in said
    assert "Sessions without one end on 1 Jan 2099, 00:00 UTC" in said
    back = owner.fill(asked, confirm_cancel="yes")
    assert dict(owner.fields(back, PAGE))["since"] == "2099-01-01"
    saved = owner.get(owner.fill(asked, sure="yes").headers["location"])
    assert "Saved. Who needs a second factor, From changed." in text_of(saved)
    told = visit(member).get("/products")
    assert "your account requires a second factor of you" in text_of(told)
    off = owner.fill(owner.get(PAGE), PAGE, requirement="NONE")
    assert off.status_code == 303
    assert "requires a second factor" not in text_of(owner.get("/products"))


def test_the_question_names_five_people_and_the_person_first(ruled: tuple[World, NewOne]) -> None:
    world, visit = ruled
    owner = visit(world.account.owner)
    for _ in range(6):
        add_person(world.api, world.owner, "MEMBER")
    asked = owner.fill(owner.get(PAGE), PAGE, requirement="EVERYBODY", since="2099-01-01")
    said = text_of(asked)
    assert "7 people have no second factor yet: you, " in said
    assert said.partition("yet: ")[2].partition(" and 2 more.")[0].count("@") == 4


def test_rule_138_whoever_has_none_is_led_to_set_it_up_and_loses_no_input(ruled: tuple[World, NewOne]) -> None:
    world, visit = ruled
    person = add_person(world.api, world.owner, "ADMIN")
    visitor = visit(person)
    form = visitor.get("/account/api-access/new")
    _, app = owner_with_factor(world)
    owner = enter(world, visit, app)
    asked = owner.fill(owner.get(PAGE), PAGE, requirement="ADMINISTRATORS")
    assert "Sessions without one end now" in text_of(asked)
    assert "You are one of them" not in text_of(asked)
    assert owner.fill(asked, sure="yes").status_code == 303
    ended = visitor.fill(form, "/account/api-access/new", name="Typed before", ranges="10.0.0.1/8")
    assert "because your account requires a second factor now. Sign in, and your input is saved." in text_of(ended)
    step = visitor.fill(ended, "/sign-in", email=person.email, password=person.password)
    assert "Your account requires one to sign in" in text_of(step)
    assert visitor.get("/products").status_code == 303, "nothing else works"
    theirs = set_up(world, visitor, step)
    wrong = visitor.fill(step, "/sign-in/set-up", code="000000")
    assert wrong.status_code == 401
    assert theirs.secret in wrong.text
    codes = visitor.fill(wrong, "/sign-in/set-up", code=theirs.code())
    for code in _CODE.findall(codes.text):
        world.vault.remember("recovery code", code)
    assert codes.status_code == 200
    assert visitor.fill(codes, "/account/security/codes").status_code == 200, "the codes can be downloaded"
    answer = visitor.fill(codes, "/sign-in/continue")
    assert answer.status_code == 422
    assert 'value="Typed before"' in answer.text
    again = visitor.fill(codes, "/sign-in/continue")
    assert again.status_code == 303, "once"
    login(world.api, person.email, person.password).expect(401, "mfa_required")
    factor = scalar(world.server.database, f"SELECT id FROM totp_factors WHERE user_id = '{person.user_id}'")
    kept = visitor.post("/account/security", [("csrf", visitor.csrf()), ("act", "remove"), ("factor", factor)])
    assert kept.status_code == 409
    assert "add another one first" in text_of(kept)


def test_rule_136_the_account_may_ask_again_earlier(ruled: tuple[World, NewOne]) -> None:
    world, visit = ruled
    owner = visit(world.account.owner)
    assert owner.fill(owner.get(PAGE), PAGE, minutes="5").status_code == 303
    earlier = "authenticated_at = authenticated_at - 360000"
    execute(world.server.database, f"UPDATE sessions SET {earlier} WHERE kind = 'console'")
    asked = owner.fill(owner.get(PAGE), PAGE, minutes="")
    assert "Confirm it is you — change the sign-in rules" in text_of(asked)
    assert owner.fill(asked, confirm_password=world.account.owner.password).status_code == 303


def test_the_only_factor_of_who_needs_one_has_no_remove_button(ruled: tuple[World, NewOne]) -> None:
    """It was refused only after a question and the password."""
    world, visit = ruled
    session, app = owner_with_factor(world)
    visitor = enter(world, visit, app)
    assert "Remove…" in text_of(visitor.get("/account/security"))
    world.api.patch("/account", bearer=session.access, json={"mfaRequirement": "EVERYBODY"}).expect(200)
    page = visitor.get("/account/security")
    said = text_of(page)
    assert "Remove…" not in said
    assert "this is your only one. To remove it, first add another" in said
    (factor,) = world.api.get("/auth/factors", bearer=session.access).expect(200).data()["factors"]
    fields = [("csrf", visitor.csrf()), ("act", "remove"), ("factor", factor["id"])]
    refused = visitor.post("/account/security", fields)
    assert refused.status_code == 409
    assert "add another one first" in text_of(refused)
    passkey = add_passkey_row(world, world.account.owner)
    assert text_of(visitor.get("/account/security")).count("Remove…") == 2
    assert "Remove…" in text_of(visitor.get("/account/passkeys"))
    assert visitor.post("/account/security", fields).status_code == 200, "it asks"
    execute(world.server.database, "DELETE FROM totp_factors")
    for path in ("/account/passkeys", f"/account/passkeys/{passkey}"):
        said = text_of(visitor.get(path))
        assert "this is your only one" in said, path
        assert "Remove…" not in said, path
        assert "Remove passkey…" not in said, path
    refused = visitor.post(f"/account/passkeys/{passkey}/remove", [("csrf", visitor.csrf())])
    assert refused.status_code == 409


def add_passkey_row(world: World, person: Person) -> str:
    """Browsers make none for an address, so its row is written."""
    passkey_id = str(uuid4())
    true = "1" if "sqlite" in type(world.server.database).__name__.lower() else "true"
    blob = "x'0{}'" if true == "1" else "'\\x0{}'::bytea"
    one, two, three = (blob.format(number) for number in (1, 2, 3))
    execute(
        world.server.database,
        "INSERT INTO passkeys (account_id, id, user_id, credential_id, user_handle, public_key, sign_count,"
        " backup_eligible, backed_up, transports, aaguid, name, created_at)"
        f" SELECT account_id, '{passkey_id}', id, {one}, {two}, {three}, 0, {true}, {true}, '', '{uuid4()}', 'Phone',"
        f" created_at FROM users WHERE id = '{person.user_id}'",
    )
    return passkey_id


def test_the_notice_of_the_rule_says_year_and_zone(ruled: tuple[World, NewOne]) -> None:
    world, visit = ruled
    session = sign_in(world.api, world.account.owner)
    body = {"mfaRequirement": "EVERYBODY", "mfaRequiredFrom": "2099-01-01T00:00:00Z"}
    world.api.patch("/account", bearer=session.access, json=body).expect(200)
    member = add_person(world.api, session, "VIEWER")
    visitor = visit(member)
    assert "From 1 Jan 2099, 00:00 UTC your account requires" in text_of(visitor.get("/products"))
    page = text_of(visit(world.account.owner).get(f"/account/members/{member.user_id}"))
    assert "signs them in until 1 Jan 2099, 00:00 UTC, when" in page
