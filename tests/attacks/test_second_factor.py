"""Sign-in in two steps: no step is skipped, swapped, replayed or won twice. Security rules 128 and 131 to 134."""

from __future__ import annotations

import time
from functools import partial

import pytest

from attacks.cases import case
from harness.concurrency import concurrently
from harness.factors import (
    STEP_S,
    Authenticator,
    add_totp,
    begin_totp,
    first_step,
    forget_steps,
    person_with_totp,
    second_step,
    sign_in_with_factor,
)
from harness.people import Person, Session, login, me, refresh, sign_in
from harness.rows import count, execute, rows
from harness.token_forge import decode_unverified
from harness.world import World


@pytest.fixture
def enrolled(world: World) -> tuple[Person, Session, Authenticator]:
    """A person with an app, and the session in which it was set up."""
    person = world.person()
    session, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    return person, session, app


def _sessions(world: World, person: Person) -> int:
    return count(world.server.database, f"SELECT count(*) FROM sessions WHERE user_id = '{person.user_id}'")


def test_rule_132_a_password_alone_signs_nobody_in(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    before = _sessions(world, person)
    answer = login(world.api, person.email, person.password).expect(401, "mfa_required")
    assert answer.object()["methods"] == ["totp", "recovery_code"]
    assert _sessions(world, person) == before
    session = sign_in_with_factor(world.api, person, app.code())
    me(world.api, session.access).expect(200)


def test_a_wrong_password_of_a_person_with_a_factor_is_answered_like_an_unknown_address(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, _ = enrolled
    wrong = login(world.api, person.email, world.vault.password()).expect(401, "invalid_credentials")
    unknown = login(world.api, "nobody@example.test", world.vault.password()).expect(401, "invalid_credentials")
    assert wrong.without_request_id == unknown.without_request_id


def test_rule_134_a_token_tells_how_and_when(world: World, enrolled: tuple[Person, Session, Authenticator]) -> None:
    person, _, app = enrolled
    session = sign_in_with_factor(world.api, person, app.code())
    claims = decode_unverified(session.access)[1]
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert abs(claims["auth_time"] - time.time()) < 60
    again = decode_unverified(refresh(world.api, session.refresh).expect(200).data()["accessToken"])[1]
    assert (again["amr"], again["auth_time"]) == (claims["amr"], claims["auth_time"])
    plain = decode_unverified(world.session().access)[1]
    assert plain["amr"] == ["pwd"]


def test_rule_128_a_code_works_once(world: World, enrolled: tuple[Person, Session, Authenticator]) -> None:
    person, _, app = enrolled
    code = app.code()
    sign_in_with_factor(world.api, person, code)
    second_step(world.api, first_step(world.api, person), code).expect(401, "invalid_credentials")


def test_rule_128_no_code_before_the_last_one_works(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    now = int(time.time()) // STEP_S
    sign_in_with_factor(world.api, person, app.at(now + 1))
    for step in (now - 1, now, now + 1):
        second_step(world.api, first_step(world.api, person), app.at(step)).expect(401, "invalid_credentials")


def test_rule_128_the_code_of_the_next_step_works_and_later_ones_do_not(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    now = int(time.time()) // STEP_S
    token = first_step(world.api, person)
    second_step(world.api, token, app.at(now + 4)).expect(401, "invalid_credentials")
    second_step(world.api, token, app.at(now - 4)).expect(401, "invalid_credentials")
    second_step(world.api, token, app.at(now + 1)).expect(200)


def test_the_code_with_which_an_app_was_confirmed_signs_nobody_in(world: World) -> None:
    person = world.person()
    session = sign_in(world.api, person)
    app = begin_totp(world.api, session.access)
    code = app.code()
    world.api.post("/auth/factors/totp/confirm", bearer=session.access, json={"code": code}).expect(200)
    second_step(world.api, first_step(world.api, person), code).expect(401, "invalid_credentials")


@pytest.mark.parametrize(
    ("token", "error"),
    [
        case(131, "none", "", "invalid_token"),
        case(131, "invented", "lxgmfa_" + "A" * 49, "invalid_token"),
        case(131, "long", "lxgmfa_" + "A" * 3_000, "invalid_token"),
        case(131, "NUL", "lxgmfa_\x00", None),
    ],
)
def test_no_other_token_completes_a_sign_in(
    world: World, enrolled: tuple[Person, Session, Authenticator], token: str, error: str | None
) -> None:
    _, _, app = enrolled
    answer = second_step(world.api, token, app.code())
    answer.expect_one_of((401, "invalid_token"), (400, "invalid_request"))


def test_rule_131_the_first_step_cannot_be_skipped_with_other_tokens(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    _, session, app = enrolled
    for token in (session.access, session.refresh, world.token()):
        second_step(world.api, token, app.code()).expect(401, "invalid_token")


def test_rule_131_the_token_of_the_first_step_opens_nothing_else(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, _ = enrolled
    token = first_step(world.api, person)
    me(world.api, token).expect(401, "invalid_token")
    refresh(world.api, token).expect(401, "invalid_token")
    body = {"mfaToken": token}
    world.api.post("/auth/mfa/enrollment", json=body).expect(401, "invalid_token")
    world.api.post("/auth/mfa/enrollment/confirm", json=body | {"code": "123456"}).expect(401, "invalid_token")


def test_rule_131_a_completed_sign_in_is_not_replayed(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    token = first_step(world.api, person)
    second_step(world.api, token, app.code()).expect(200)
    second_step(world.api, token, app.code()).expect(401, "invalid_token")
    second_step(world.api, token, app.codes[0], "recovery_code").expect(401, "invalid_token")


def test_rule_131_steps_of_two_people_are_not_combined(world: World) -> None:
    one, other = world.person(), world.person()
    (_, one_app), (_, other_app) = (person_with_totp(world.api, person) for person in (one, other))
    second_step(world.api, first_step(world.api, one), other_app.code()).expect(401, "invalid_credentials")
    second_step(world.api, first_step(world.api, one), other_app.codes[0], "recovery_code").expect(
        401, "invalid_credentials"
    )
    # The code of the other person is not used up.
    sign_in_with_factor(world.api, other, other_app.codes[0], "recovery_code")
    sign_in_with_factor(world.api, one, one_app.code())


def test_rule_133_a_sealed_secret_is_of_no_use_in_another_row(world: World) -> None:
    one, other = world.person(), world.person()
    (_, one_app), _ = (person_with_totp(world.api, person) for person in (one, other))
    database = world.server.database
    secret = f"(SELECT secret FROM totp_factors WHERE user_id = '{one.user_id}')"
    execute(database, f"UPDATE totp_factors SET last_step = 0, secret = {secret} WHERE user_id = '{other.user_id}'")
    second_step(world.api, first_step(world.api, other), one_app.code()).expect(401, "invalid_credentials")


@pytest.mark.parametrize("change", [case(131, name, name) for name in ("password", "role", "disabled", "removed")])
def test_a_change_of_the_person_ends_their_first_step(world: World, change: str) -> None:
    person = world.person()
    session, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    token, code = first_step(world.api, person), app.code()
    path, owner = f"/account/users/{person.user_id}", world.owner.access
    if change == "password":
        body = {"currentPassword": person.password, "newPassword": world.vault.password()}
        world.api.post("/auth/password", bearer=session.access, json=body).expect(200)
    elif change == "removed":
        world.api.delete(path, bearer=owner).expect(204)
    else:
        given = {"role": {"role": "VIEWER"}, "disabled": {"disabled": True}}[change]
        world.api.patch(path, bearer=owner, json=given).expect(200)
    second_step(world.api, token, code).expect(401, "invalid_token")


def test_rule_131_a_first_step_ends_after_five_minutes(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    token = first_step(world.api, person)
    execute(world.server.database, f"UPDATE mfa_challenges SET expires_at = 0 WHERE user_id = '{person.user_id}'")
    second_step(world.api, token, app.code()).expect(401, "invalid_token")


def test_rule_131_of_concurrent_completions_one_wins(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    before, token, code = _sessions(world, person), first_step(world.api, person), app.code()

    def complete() -> int:
        with world.server.client() as client:
            return second_step(client, token, code).status

    assert sorted(concurrently([complete] * 8)).count(200) == 1
    assert _sessions(world, person) == before + 1


def test_rule_128_of_concurrent_sign_ins_with_one_code_one_wins(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    tokens, code = [first_step(world.api, person) for _ in range(4)], app.code()

    def complete(token: str) -> int:
        with world.server.client() as client:
            return second_step(client, token, code).status

    assert sorted(concurrently(partial(complete, token) for token in tokens)) == [200, 401, 401, 401]


def test_rule_133_a_recovery_code_works_once(world: World, enrolled: tuple[Person, Session, Authenticator]) -> None:
    person, _, app = enrolled
    assert len(set(app.codes)) == 10
    typed = app.codes[3].upper().replace("-", " ")
    session = sign_in_with_factor(world.api, person, typed, "recovery_code")
    assert decode_unverified(session.access)[1]["amr"] == ["pwd", "mfa"]
    second_step(world.api, first_step(world.api, person), app.codes[3], "recovery_code").expect(
        401, "invalid_credentials"
    )
    found = world.api.get("/auth/factors", bearer=session.access).expect(200).data()
    assert found["recoveryCodesLeft"] == 9


def test_rule_133_of_concurrent_uses_of_a_recovery_code_one_wins(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, _, app = enrolled
    tokens = [first_step(world.api, person) for _ in range(4)]

    def complete(token: str) -> int:
        with world.server.client() as client:
            return second_step(client, token, app.codes[0], "recovery_code").status

    assert sorted(concurrently(partial(complete, token) for token in tokens)) == [200, 401, 401, 401]


def test_rule_133_secrets_and_codes_are_shown_once_and_stored_unreadable(
    world: World, enrolled: tuple[Person, Session, Authenticator]
) -> None:
    person, session, app = enrolled
    shown = world.api.get("/auth/factors", bearer=session.access).expect(200).body.decode()
    assert app.secret not in shown
    assert not any(code in shown for code in app.codes)
    stored = rows(world.server.database, f"SELECT secret FROM totp_factors WHERE user_id = '{person.user_id}'")
    assert app.secret not in stored[0][0]


def test_rule_132_enrolment_ends_sessions_with_a_password_alone(world: World) -> None:
    person = world.person()
    here, there = sign_in(world.api, person), sign_in(world.api, person)
    app = add_totp(world.api, here)
    me(world.api, there.access).expect(401, "invalid_token")
    refresh(world.api, there.refresh).expect(401, "invalid_token")
    me(world.api, here.access).expect(200)
    renewed = refresh(world.api, here.refresh).expect(200).data()["accessToken"]
    assert decode_unverified(renewed)[1]["amr"] == ["pwd", "otp", "mfa"]
    assert app.codes


def test_rule_132_a_factor_that_was_begun_and_not_confirmed_changes_nothing(world: World) -> None:
    person = world.person()
    session = sign_in(world.api, person)
    begin_totp(world.api, session.access)
    answer = world.api.post("/auth/factors/totp/confirm", bearer=session.access, json={"code": "000000"})
    answer.expect_one_of((422, "validation_failed"))
    sign_in(world.api, person)
