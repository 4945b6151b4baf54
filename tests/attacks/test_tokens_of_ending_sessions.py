"""An access token of a person does not outlive their session. Security rule 195."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from harness.answers import JsonObject
from harness.factors import add_totp, sign_in_with_factor
from harness.people import Session, add_person, login, refresh, sign_in
from harness.rows import execute, scalar
from harness.token_forge import decode_unverified
from harness.world import World

SOON_S = 200


def times(tokens: JsonObject) -> tuple[int, int, int]:
    """(exp, iat, expiresIn)"""
    claims = decode_unverified(tokens["accessToken"])[1]
    return claims["exp"], claims["iat"], tokens["expiresIn"]


def assert_capped(tokens: JsonObject, end: int) -> None:
    expires, issued, expires_in = times(tokens)
    assert expires == end
    assert expires_in == expires - issued
    assert expires_in <= SOON_S


def end_soon(world: World, session: Session, column: str) -> int:
    """Let the session end soon; returns when, in seconds."""
    end = int(time.time()) + SOON_S
    where = f"id = '{session.session_id}'"
    execute(world.server.database, f"update sessions set {column} = {end * 1_000 + 999} where {where}")
    return end


def test_a_refresh_is_capped_at_the_end_of_the_session(world: World) -> None:
    session = world.session()
    end = end_soon(world, session, "expires_at")
    for _ in range(2):
        tokens = refresh(world.api, session.refresh).expect(200).data()
        assert_capped(tokens, end)
        session = Session(session.person, tokens["accessToken"], tokens["refreshToken"])


def test_a_repeated_refresh_is_capped_alike(world: World) -> None:
    session = world.session()
    end = end_soon(world, session, "expires_at")
    for repeats in (False, True):
        answer = refresh(world.api, session.refresh, key=session.session_id, repeats=repeats)
        assert_capped(answer.expect(200).data(), end)


@pytest.mark.parametrize("column", ["expires_at", "refresh_expires_at"])
def test_a_step_up_is_capped_at_the_end_of_the_session(world: World, column: str) -> None:
    session = world.session()
    end = end_soon(world, session, column)
    body = {"password": session.person.password}
    tokens = world.api.post("/auth/step-up", bearer=session.access, json=body, reveals=True).expect(200).data()
    assert_capped(tokens, end)


def test_a_step_up_by_a_factor_is_capped_at_the_end_of_the_session(world: World) -> None:
    """A second factor gives the session its full time, but no more."""
    person = world.person()
    app = add_totp(world.api, sign_in(world.api, person))
    session = sign_in_with_factor(world.api, person, app.codes[0], "recovery_code")
    end = end_soon(world, session, "refresh_expires_at")
    body = {"password": person.password}
    asked = world.api.post("/auth/step-up", bearer=session.access, json=body, reveals=True)
    token = asked.expect(401, "mfa_required").json()["mfaToken"]
    step = {"mfaToken": token, "method": "recovery_code", "code": app.codes[1]}
    tokens = world.api.post("/auth/step-up", bearer=session.access, json=step, reveals=True).expect(200).data()
    assert_capped(tokens, end)


def test_a_token_ends_when_a_second_factor_is_required(world: World) -> None:
    """By login, refresh and step-up; whoever has used a factor keeps the full time."""
    owner = sign_in(world.api, world.server.bootstrap("Delta BV", another=True).owner)
    app = add_totp(world.api, owner)
    owner = sign_in_with_factor(world.api, owner.person, app.codes[0], "recovery_code")
    person = add_person(world.api, owner, "MEMBER")
    since = datetime.fromtimestamp(int(time.time()) + SOON_S, UTC)
    body = {"mfaRequirement": "EVERYBODY", "mfaRequiredFrom": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
    world.api.patch("/account", bearer=owner.access, json=body).expect(200)
    end = int(since.timestamp())
    tokens = login(world.api, person.email, person.password).expect(200).data()
    assert_capped(tokens, end)
    tokens = refresh(world.api, tokens["refreshToken"]).expect(200).data()
    assert_capped(tokens, end)
    step = {"password": person.password}
    stepped = world.api.post("/auth/step-up", bearer=tokens["accessToken"], json=step, reveals=True).expect(200).data()
    assert_capped(stepped, end)
    by_factor = sign_in_with_factor(world.api, owner.person, app.codes[1], "recovery_code")
    claims = decode_unverified(by_factor.access)[1]
    assert claims["exp"] - claims["iat"] == 900
    assert times(refresh(world.api, by_factor.refresh).expect(200).data())[2] == 900
    # A step-up without a factor is not better than a sign-in without one.
    session = sign_in(world.api, person)
    full = (int(time.time()) + 86_400) * 1_000
    values = f"amr = 'pwd mfa', expires_at = {full}"
    execute(world.server.database, f"update sessions set {values} where id = '{session.session_id}'")
    assert times(refresh(world.api, session.refresh).expect(200).data())[2] == 900
    stepped = world.api.post("/auth/step-up", bearer=session.access, json=step, reveals=True).expect(200).data()
    assert_capped(stepped, end)
    stored = scalar(world.server.database, f"select expires_at from sessions where id = '{session.session_id}'")
    assert int(stored) == end * 1_000
