"""A session cannot be forked, revived or outlived. Security rules 78 to 86."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import case, forge_for
from harness.answers import Answer
from harness.people import Session, login, logout, me, refresh, session_of, sign_in
from harness.token_forge import decode_unverified
from harness.world import World

MAX_SESSIONS = 20
REFRESH = re.compile(r"lxgref_[A-Za-z0-9_]+")


def dead(world: World, session: Session) -> None:
    """Neither token of the session opens anything any more."""
    me(world.api, session.access).expect(401, "invalid_token")
    refresh(world.api, session.refresh).expect(401, "invalid_token")


def refreshed(world: World, session: Session, **options: Any) -> Session:
    answer = refresh(world.api, session.refresh, **options).expect(200)
    return session_of(session.person, answer)


def test_rule_78_refresh_tokens_are_long_and_opaque(world: World) -> None:
    session = world.session()
    assert REFRESH.fullmatch(session.refresh)
    assert len(session.refresh.removeprefix("lxgref_")) >= 43  # 256 bits in base 62 or 64
    assert session.refresh != refreshed(world, session).refresh


def test_rule_78_a_refresh_answers_like_a_login(world: World) -> None:
    session = world.session("ADMIN")
    signed_in = login(world.api, session.person.email, session.person.password).expect(200).data()
    data = refresh(world.api, session.refresh).expect(200).data()
    assert data.keys() == signed_in.keys() == {"accessToken", "refreshToken", "tokenType", "expiresIn", "user"}
    assert (data["tokenType"], data["expiresIn"]) == ("Bearer", 900)
    assert data["user"] == signed_in["user"]
    assert data["user"].keys() >= {"id", "email", "role"}


def test_a_refused_content_coding_leaves_the_refresh_token_unused(world: World) -> None:
    session = world.session()
    coded = {"Content-Encoding": "gzip"}
    answer = world.api.post("/auth/refresh", json={"refreshToken": session.refresh}, headers=coded)
    answer.expect(400, "invalid_request")
    refreshed(world, session)


def test_rule_83_a_refresh_stays_in_its_session_and_scope(world: World) -> None:
    session = world.session("VIEWER")
    old = decode_unverified(session.access)[1]
    new = decode_unverified(refreshed(world, session).access)[1]
    assert all(new[name] == old[name] for name in ("sid", "sub", "scope", "role", "account_id"))
    assert new["jti"] != old["jti"]


@pytest.mark.parametrize("generations", [case(80, f"{count} later", count) for count in (1, 2, 5)])
def test_reuse_ends_the_whole_session(world: World, generations: int) -> None:
    first = world.session()
    chain = [first]
    for _ in range(generations):
        chain.append(refreshed(world, chain[-1]))
    me(world.api, chain[-1].access).expect(200)
    refresh(world.api, first.refresh).expect(401, "invalid_token")
    for session in chain:
        dead(world, session)
    login(world.api, first.person.email, first.person.password).expect(200)


def test_rule_80_reuse_leaves_other_sessions_alone(world: World) -> None:
    person = world.person()
    one, two = sign_in(world.api, person), sign_in(world.api, person)
    refreshed(world, one)
    refresh(world.api, one.refresh).expect(401, "invalid_token")
    me(world.api, two.access).expect(200)
    refreshed(world, two)


def test_rule_79_parallel_refreshes_have_one_winner(world: World) -> None:
    session = world.session()

    def attempt(_: int) -> Answer:
        with world.server.client() as own:
            return refresh(own, session.refresh)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert [answer.status for answer in answers].count(200) == 1, answers
    for answer in answers:
        answer.expect_one_of((200, None), (401, "invalid_token"))


def test_rule_81_a_retry_with_the_same_key_gets_the_same_successor(world: World) -> None:
    session = world.session()
    key = str(uuid4())
    first = refresh(world.api, session.refresh, key=key).expect(200)
    again = refresh(world.api, session.refresh, key=key, repeats=True).expect(200)
    assert again.data()["refreshToken"] == first.data()["refreshToken"]
    follower = session_of(session.person, again)
    me(world.api, follower.access).expect(200)
    refreshed(world, follower)


def test_rule_81_another_key_is_reuse(world: World) -> None:
    session = world.session()
    follower = refreshed(world, session, key=str(uuid4()))
    refresh(world.api, session.refresh, key=str(uuid4())).expect(401, "invalid_token")
    dead(world, follower)


def test_rule_81_no_key_after_a_key_is_reuse(world: World) -> None:
    session = world.session()
    follower = refreshed(world, session, key=str(uuid4()))
    refresh(world.api, session.refresh).expect(401, "invalid_token")
    dead(world, follower)


def test_rule_81_a_replay_after_the_successor_was_used_is_reuse(world: World) -> None:
    """The caller has the successor, so the retry cannot be an honest one."""
    session = world.session()
    key = str(uuid4())
    follower = refreshed(world, session, key=key)
    third = refreshed(world, follower)
    refresh(world.api, session.refresh, key=key, repeats=True).expect(401, "invalid_token")
    dead(world, third)


def test_rule_81_a_key_of_another_session_is_rejected(world: World) -> None:
    key = str(uuid4())
    one, two = world.session(), world.session()
    first = refresh(world.api, one.refresh, key=key).expect(200)
    second = refresh(world.api, two.refresh, key=key).expect(200)
    assert first.data()["refreshToken"] != second.data()["refreshToken"]
    assert second.data()["user"]["id"] == two.person.user_id


@pytest.mark.parametrize(
    "key",
    [
        case(81, "256 characters", "k" * 256),
        case(81, "empty", ""),
        case(81, "tab", "a\tb"),
    ],
)
def test_a_malformed_key_does_not_use_the_token_up(world: World, key: str) -> None:
    session = world.session()
    answer = refresh(world.api, session.refresh, key=key)
    if answer.status == 200:  # ignored: then it was an ordinary refresh
        refreshed(world, session_of(session.person, answer))
    else:
        answer.expect(400, "invalid_request")
        refreshed(world, session)


@pytest.mark.parametrize(
    "token",
    [
        case(78, "unknown", "lxgref_" + "a" * 43),
        case(78, "prefix only", "lxgref_"),
        case(78, "empty", ""),
        case(78, "garbage", "abc"),
        case(78, "non-ASCII", "lxgref_\u00e9"),
        case(78, "SQL", "' OR '1'='1"),
        case(78, "long", "lxgref_" + "a" * 4000),
        case(78, "NUL", "lxgref_\u0000"),
    ],
)
def test_unknown_refresh_tokens_are_refused(world: World, token: str) -> None:
    refresh(world.api, token).expect_one_of((401, "invalid_token"), (400, "invalid_request"))


@pytest.mark.parametrize(
    "body",
    [
        case(78, "nothing", {}),
        case(78, "null", {"refreshToken": None}),
        case(78, "number", {"refreshToken": 1}),
        case(78, "list", {"refreshToken": ["x"]}),
        case(78, "other name", {"refresh_token": "lxgref_abc"}),
        case(78, "a list", []),
    ],
)
def test_malformed_refreshes_are_refused(world: World, body: Any) -> None:
    world.api.post("/auth/refresh", json=body).expect(400, "invalid_request")


@pytest.mark.parametrize("change", [case(78, name, name) for name in ("cut", "longer", "other case", "one letter")])
def test_a_misspelt_refresh_token_is_refused_and_harmless(world: World, change: str) -> None:
    session = world.session()
    token = session.refresh
    misspelt = {
        "cut": token[:-1],
        "longer": token + "a",
        "other case": "lxgref_" + token.removeprefix("lxgref_").swapcase(),
        "one letter": token[:-1] + ("a" if token[-1] != "a" else "b"),
    }[change]
    world.vault.remember("mistyped refresh token", misspelt)
    refresh(world.api, misspelt).expect(401, "invalid_token")
    refreshed(world, session)


def test_rule_84_logout_ends_this_session_at_once(world: World) -> None:
    person = world.person()
    here, there = sign_in(world.api, person), sign_in(world.api, person)
    follower = refreshed(world, here)
    answer = logout(world.api, follower.access).expect(200)
    assert answer.object() == {"success": True, "data": None}
    for session in (here, follower):
        dead(world, session)
    me(world.api, there.access).expect(200)
    refreshed(world, there)


def test_rule_84_a_second_logout_is_unauthorised(world: World) -> None:
    session = world.session()
    logout(world.api, session.access).expect(200)
    logout(world.api, session.access).expect(401, "invalid_token")


def test_rule_84_logout_survives_a_kill(fresh_world: Any, engine: str) -> None:
    own: World = fresh_world(engine)
    session = own.session()
    token = own.token()
    logout(own.api, session.access).expect(200)
    own.server.kill()
    own.server.start()
    dead(own, session)
    own.api.get("/products", bearer=token).expect(200)


def test_rule_84_a_forged_session_id_ends_nothing(world: World) -> None:
    """A client's token names no session, whatever is written into it."""
    victim = world.session()
    token = forge_for(world).with_changes(world.token(), claims={"sid": victim.session_id})
    logout(world.api, world.vault.remember("forged token", token)).expect_one_of(
        (401, "invalid_token"), (403, "access_denied")
    )
    me(world.api, victim.access).expect(200)


def test_rule_85_people_see_and_end_their_own_sessions(world: World) -> None:
    person = world.person()
    here, there = sign_in(world.api, person), sign_in(world.api, person)
    listed = world.api.get("/auth/sessions", bearer=here.access).expect(200).data()
    assert {entry["id"] for entry in listed} == {here.session_id, there.session_id}
    assert world.api.delete(f"/auth/sessions/{there.session_id}", bearer=here.access).status in {200, 204}
    dead(world, there)
    me(world.api, here.access).expect(200)


@pytest.mark.parametrize("target", [case(85, name, name) for name in ("another person", "unknown", "garbage")])
def test_nobody_ends_a_strangers_session(world: World, target: str) -> None:
    session, victim = world.session(), world.session()
    name = {"another person": victim.session_id, "unknown": str(uuid4()), "garbage": "..%2f..%2fx"}[target]
    world.api.delete(f"/auth/sessions/{name}", bearer=session.access).expect(404, "not_found")
    me(world.api, victim.access).expect(200)


def test_rule_86_the_oldest_session_is_evicted(world: World) -> None:
    person = world.person("VIEWER")
    sessions = [sign_in(world.api, person) for _ in range(MAX_SESSIONS)]
    me(world.api, sessions[0].access).expect(200)
    newest = sign_in(world.api, person)
    dead(world, sessions[0])
    me(world.api, sessions[1].access).expect(200)
    listed = world.api.get("/auth/sessions", bearer=newest.access).expect(200).data()
    assert len(listed) == MAX_SESSIONS
