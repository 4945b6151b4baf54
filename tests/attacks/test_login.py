"""Sign-in reveals nothing, and passwords are handled as passwords. Security rules 67 to 76."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.client import INVITATION
from harness.people import (
    Person,
    Session,
    accept,
    invite,
    login,
    me,
    new_email,
    refresh,
    sign_in,
)
from harness.world import World

CHANGING = {"date", "x-request-id"}


def denied(answer: Answer) -> Answer:
    return answer.expect(401, "invalid_credentials")


def wrong(world: World) -> str:
    return world.vault.invent("mistyped password", length=24)


def disable(world: World, person: Person) -> None:
    world.api.patch(f"/account/users/{person.user_id}", bearer=world.owner.access, json={"disabled": True}).expect(200)


def attempts(world: World) -> dict[str, Answer]:
    """One refusal of every kind."""
    person, off, gone = world.person("MEMBER"), world.person("MEMBER"), world.person("MEMBER")
    disable(world, off)
    world.api.delete(f"/account/users/{gone.user_id}", bearer=world.owner.access)
    invited, _ = invite(world.api, world.owner, "VIEWER")
    return {
        "wrong password": login(world.api, person.email, wrong(world)),
        "unknown": login(world.api, new_email("unknown"), wrong(world)),
        "disabled": login(world.api, off.email, off.password),
        "disabled and wrong": login(world.api, off.email, wrong(world)),
        "deleted": login(world.api, gone.email, gone.password),
        "invited, not accepted": login(world.api, invited, wrong(world)),
        "of another account": login(world.api, world.other.owner.email, person.password),
    }


def test_rule_67_every_failed_login_looks_the_same(world: World) -> None:
    answers = attempts(world)
    shapes: dict[str, list[str]] = {}
    for name, answer in answers.items():
        fields = [(key, value) for key, value in denied(answer).fields
                  if key not in CHANGING and not key.startswith("ratelimit")]  # fmt: skip
        shapes.setdefault(json.dumps([fields, answer.without_request_id]), []).append(name)
    assert len(shapes) == 1, shapes


@pytest.mark.parametrize(
    "body",
    [
        case(70, "no password", {"email": "a@example.test"}),
        case(70, "no email", {"password": "abc"}),
        case(70, "nothing", {}),
        case(70, "empty email", {"email": "", "password": "abc"}),
        case(70, "number", {"email": "a@example.test", "password": 123456789012}),
        case(70, "null", {"email": "a@example.test", "password": None}),
        case(70, "list", {"email": ["a@example.test"], "password": "abc"}),
        case(70, "object", {"email": {"$ne": ""}, "password": {"$ne": ""}}),
        case(70, "true", {"email": "a@example.test", "password": True}),
        case(70, "a list", ["a@example.test", "abc"]),
        case(70, "text", "a@example.test"),
        case(70, "password of 1025 bytes", {"email": "a@example.test", "password": "p" * 1025}),
        case(70, "password of 1025 bytes in 513 letters", {"email": "a@b.test", "password": "\u00e9" * 513}),
        case(76, "control in email", {"email": "a\u0000@example.test", "password": "abc"}),
        case(76, "newline in email", {"email": "a@example.test\n", "password": "abc"}),
        case(76, "long email", {"email": "a" * 3000 + "@example.test", "password": "abc"}),
    ],
)
def test_malformed_sign_ins_are_refused_before_any_hash(world: World, body: Any) -> None:
    answer = world.api.post("/auth/login", json=body)
    answer.expect(400, "invalid_request")


@pytest.mark.parametrize(
    "email",
    [
        case(76, "space in front", " {E}"),
        case(76, "space behind", "{E} "),
        case(76, "SQL", "' OR '1'='1"),
        case(76, "SQL wildcard", "%"),
        case(76, "display name", "Owner <{E}>"),
        case(76, "two addresses", "{E},{E}"),
        case(76, "look-alike", "{LOOKALIKE}"),
        case(76, "full-width", "{WIDE}"),
        case(76, "NFD", "e\u0301@example.test"),
    ],
)
def test_other_spellings_of_an_address_do_not_sign_in(world: World, email: str) -> None:
    owner = world.account.owner
    spelt = (
        email.replace("{E}", owner.email)
        .replace("{LOOKALIKE}", owner.email.replace("o", "\u043e", 1))
        .replace("{WIDE}", owner.email.replace("@", "\uff20"))
    )
    answer = login(world.api, spelt, owner.password)
    answer.expect_one_of((401, "invalid_credentials"), (400, "invalid_request"))


def test_rule_76_an_address_is_case_insensitive(world: World) -> None:
    person = world.person("VIEWER")
    login(world.api, person.email.upper(), person.password).expect(200)


def test_rule_76_an_address_is_unique_in_every_case(world: World) -> None:
    person = world.person("VIEWER")
    body = {"email": person.email.upper(), "role": "VIEWER"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(409, "conflict")
    # Another account does not learn of it (security rule 194), and cannot have the address.
    answer = world.api.post("/account/users", bearer=world.other_owner.access, json=body, reveals=True).expect(201)
    found = INVITATION.search(answer.data()["link"])
    assert found is not None
    token = world.vault.remember("invitation token", found[1])
    accept(world.api, token, world.vault.password()).expect(409, "conflict")


@pytest.mark.parametrize(
    "change",
    [
        case(70, "other case", str.swapcase),
        case(70, "one letter less", lambda word: word[:-1]),
        case(70, "one letter more", lambda word: word + "a"),
        case(70, "space behind", lambda word: word + " "),
        case(70, "space in front", lambda word: " " + word),
    ],
)
def test_a_password_is_verified_as_received(world: World, change: Callable[[str], str]) -> None:
    person = world.person("VIEWER")
    mistyped = world.vault.remember("mistyped password", change(person.password))
    denied(login(world.api, person.email, mistyped))
    login(world.api, person.email, person.password).expect(200)


def test_rule_70_no_password_is_truncated(world: World) -> None:
    """1,024 bytes count to the last one."""
    address, token = invite(world.api, world.owner, "VIEWER")
    password = world.vault.invent("password", length=1024)
    assert accept(world.api, token, password).status in {200, 201}
    login(world.api, address, password).expect(200)
    flipped = password[:-1] + ("a" if password[-1] != "a" else "b")
    denied(login(world.api, address, flipped))
    denied(login(world.api, address, password[:72]))


def test_rule_70_composed_and_decomposed_letters_are_the_same(world: World) -> None:
    address, token = invite(world.api, world.owner, "VIEWER")
    tail = world.vault.password()
    assert accept(world.api, token, "\u00e9\u00e5" + tail).status in {200, 201}
    login(world.api, address, "e\u0301a\u030a" + tail).expect(200)


BAD_PASSWORDS = {
    "short": (70, "aB3$xY7!qL9"),
    "one letter": (70, "a"),
    "empty": (70, ""),
    "1025 bytes": (70, "p" * 1025),
    "common": (71, "password1234"),
    "common in capitals": (71, "PASSWORD1234"),
    "common digits": (71, "123456789012"),
    "keyboard": (71, "qwertyuiop123"),
    "product name": (71, "linkxglinkxg"),
    "product name and year": (71, "linkxg2025!!"),
    "account name": (71, "acmegmbh2025"),
    "own address": (71, "{LOCAL}{LOCAL}"),
    "control character": (7, "good-enough-\u0000-otherwise"),
    "newline": (7, "good-enough-\n-otherwise"),
}


@pytest.mark.parametrize("password", [case(rule, name, word) for name, (rule, word) in BAD_PASSWORDS.items()])
def test_weak_passwords_are_rejected_everywhere(world: World, password: str) -> None:
    # Every part of the name is short, so that only the whole of it can be recognised in a password.
    address, token = invite(world.api, world.owner, "VIEWER", new_email("jo.li.an"))
    word = password.replace("{LOCAL}", address.partition("@")[0])
    refusal = accept(world.api, token, word)
    refusal.expect_one_of((422, "validation_failed"), (400, "invalid_request"))
    good = world.vault.password()
    assert accept(world.api, token, good).status in {200, 201}, "a refused password must not use the link up"
    session = sign_in(world.api, Person("", address, good, "VIEWER"))
    body = {"currentPassword": good, "newPassword": word}
    world.api.post("/auth/password", bearer=session.access, json=body).expect_one_of(
        (422, "validation_failed"), (400, "invalid_request")
    )
    login(world.api, address, good).expect(200)


@pytest.mark.parametrize(
    "password",
    [
        case(70, "a sentence", "correct kestrel opens no battery"),
        case(70, "no digit, no capital", "zvqkdwmpthyx"),
        case(70, "other scripts", "\u043f\u0430\u0440\u043e\u043b\u044c-\u5bc6\u7801-\u03ba\u03bb\u03b5\u03b9"),
        case(70, "emoji", "\U0001f511\U0001f40c\U0001f9f2\U0001f3d4\U0001f33b\U0001f6b2" * 2),
        case(70, "inner spaces", "  spaces  at  both  ends  "),
        case(70, "SQL", "'; DROP TABLE users; --"),
        case(70, "percent signs", "%00%ff%zz%s%n${jndi}"),
    ],
)
def test_unusual_passwords_are_accepted(world: World, password: str) -> None:
    address, token = invite(world.api, world.owner, "VIEWER")
    assert accept(world.api, token, password).status in {200, 201}
    login(world.api, address, password).expect(200)


def test_rule_72_there_are_no_default_accounts(world: World) -> None:
    for email in (
        "admin",
        "admin@localhost",
        "admin@example.com",
        "owner@example.com",
        "root",
        "demo@linkxg.com",
    ):
        for password in ("admin", "password", "changeme", "linkxg", ""):
            world.api.post("/auth/login", json={"email": email, "password": password}).expect_one_of(
                (401, "invalid_credentials"), (400, "invalid_request")
            )


def test_rule_72_a_second_first_account_is_refused(world: World) -> None:
    done = world.server.try_command("bootstrap", "--account", "Evil", "--owner-email", "evil@example.test",
                                    "--password-stdin", stdin=b"kestrel opens no battery\n")  # fmt: skip
    assert done.returncode == 1
    denied(login(world.api, "evil@example.test", "kestrel opens no battery"))


def change_password(world: World, session: Session, current: str, new: str) -> Answer:
    body = {"currentPassword": current, "newPassword": new}
    return world.api.post("/auth/password", bearer=session.access, json=body)


def test_rule_73_a_password_change_needs_the_present_one(world: World) -> None:
    session = world.session("MEMBER")
    answer = change_password(world, session, wrong(world), world.vault.password())
    answer.expect(401, "invalid_credentials")
    me(world.api, session.access).expect(200)
    login(world.api, session.person.email, session.person.password).expect(200)


def test_rule_73_a_password_change_ends_the_other_sessions(world: World) -> None:
    person = world.person("MEMBER")
    here, there = sign_in(world.api, person), sign_in(world.api, person)
    new = world.vault.password()
    assert change_password(world, here, person.password, new).status == 200
    me(world.api, here.access).expect(200)
    me(world.api, there.access).expect(401, "invalid_token")
    refresh(world.api, there.refresh).expect(401, "invalid_token")
    denied(login(world.api, person.email, person.password))
    login(world.api, person.email, new).expect(200)


@pytest.mark.parametrize("change", [case(75, name, name) for name in ("disable", "delete", "lower", "raise")])
def test_a_change_of_the_person_ends_tokens_at_once(world: World, change: str) -> None:
    session = world.session("MEMBER")
    path = f"/account/users/{session.person.user_id}"
    owner = world.owner.access
    if change == "delete":
        assert world.api.delete(path, bearer=owner).status in {200, 204}
    else:
        body = {"disable": {"disabled": True}, "lower": {"role": "VIEWER"}, "raise": {"role": "ADMIN"}}[change]
        world.api.patch(path, bearer=owner, json=body).expect(200)
    me(world.api, session.access).expect(401, "invalid_token")
    after = refresh(world.api, session.refresh)
    if change in {"disable", "delete"}:
        after.expect(401, "invalid_token")
    elif after.status == 200:
        # A session that survives a new role must carry the new role.
        assert after.data()["user"]["role"] == {"lower": "VIEWER", "raise": "ADMIN"}[change]
    else:
        after.expect(401, "invalid_token")


def test_rule_75_a_disabled_person_comes_back_without_old_tokens(world: World) -> None:
    session = world.session("MEMBER")
    disable(world, session.person)
    path = f"/account/users/{session.person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    me(world.api, session.access).expect(401, "invalid_token")
    refresh(world.api, session.refresh).expect(401, "invalid_token")
    login(world.api, session.person.email, session.person.password).expect(200)


@pytest.mark.parametrize("token", [case(72, name, name) for name in ("unknown", "used")])
def test_only_a_fresh_invitation_is_accepted(world: World, token: str) -> None:
    address, link = invite(world.api, world.owner, "VIEWER")
    if token == "unknown":
        link = world.vault.invent("invitation token", length=43)
    else:
        assert accept(world.api, link, world.vault.password()).status in {200, 201}
    stolen = world.vault.password()
    accept(world.api, link, stolen).expect_one_of((404, "not_found"), (401, "invalid_token"), (410, "gone"))
    denied(login(world.api, address, stolen))
