"""The session of a person survives lost answers, several processes and the end of a token."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.factors import forget_steps, person_with_totp
from harness.people import Person, me
from harness.world import World
from linkxg_client import (
    AsyncLinkXG,
    Connection,
    InvalidCredentials,
    LinkXG,
    MfaRequired,
    SessionFile,
    SignInRequired,
    UserSession,
)
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock
from sdk.lossy_proxy import LossyProxy
from sdk.processes import finish, start

pytestmark = pytest.mark.any_engine


@pytest.fixture
def person(world: World) -> Person:
    return world.person("MEMBER")


@pytest.fixture
def session(connection: Connection, person: Person) -> UserSession:
    made = UserSession(connection=connection)
    made.login(person.email, person.password)
    return made


def test_a_person_signs_in_and_calls_the_api(session: UserSession, person: Person, recorder: Recorder) -> None:
    assert session.user == {"id": person.user_id, "email": person.email, "role": "MEMBER"}
    with LinkXG(session) as client:
        list(client.products.list(sku="none"))
        list(client.connections.list(limit=1))
    assert [path for _, path in recorder.requests].count("/api/v1/auth/login") == 1
    assert recorder.count("/auth/refresh") == 0


def test_a_wrong_password_is_told(connection: Connection, person: Person, world: World) -> None:
    with pytest.raises(InvalidCredentials):
        UserSession(connection=connection).login(person.email, world.vault.password())


def test_a_session_is_refreshed_once_for_all(session: UserSession, recorder: Recorder, clock: ShiftedClock) -> None:
    first = session.token().reveal()
    clock.ahead = 890
    with ThreadPoolExecutor(20) as pool:
        renewed = {token.reveal() for token in pool.map(lambda _: session.token(), range(100))}
    assert len(renewed - {first}) == 1
    assert recorder.count("/auth/refresh") == 1


@pytest.mark.parametrize("lost", [1, 3])
def test_the_lost_answer_of_a_refresh_does_not_end_the_session(world: World, person: Person, lost: int) -> None:
    clock = ShiftedClock()
    with LossyProxy(world.server.url) as proxy:
        session = UserSession(connection=connect(proxy.url, Recorder(), clock))
        session.login(person.email, person.password)
        for generation in range(1, 4):
            proxy.lose("/auth/refresh", lost)
            clock.ahead += 890
            me(world.api, session.token().reveal()).expect(200)
            assert proxy.lost["/auth/refresh"] == lost * generation


def test_a_process_that_is_killed_before_it_stores_the_tokens(world: World, person: Person, tmp_path: Path) -> None:
    file = SessionFile(tmp_path / "session.json")
    clock = ShiftedClock()
    session = UserSession(connection=connect(world.server.url, Recorder(), clock), store=file)
    session.login(person.email, person.password)
    script = """
        import os, sys
        from linkxg_client import Connection, SessionFile, UserSession
        file = SessionFile(sys.argv[1])
        SessionFile.save = lambda self, session: os._exit(9)
        session = UserSession(connection=Connection(sys.argv[2]), store=file)
        session.token()
        session.tokens().forget()
        session.token()
    """
    finish(start(script, str(file.path), world.server.url), expect=9)
    clock.ahead = 890
    me(world.api, session.token().reveal()).expect(200)


def test_two_processes_share_one_session(world: World, person: Person, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    UserSession(connection=Connection(world.server.url), store=SessionFile(file)).login(person.email, person.password)
    script = """
        import sys, threading
        from linkxg_client import Connection, LinkXG, SessionFile, UserSession
        session = UserSession(connection=Connection(sys.argv[2]), store=SessionFile(sys.argv[1]))
        with LinkXG(session) as client:
            for _ in range(10):
                list(client.products.list(sku="none"))
                session.tokens().forget()
        print(session.token().reveal()[:3])
    """
    running = [start(script, str(file), world.server.url) for _ in range(3)]
    assert {finish(process).strip() for process in running} == {"eyJ"}


def test_a_token_that_another_process_has_fetched_is_used(
    world: World, person: Person, tmp_path: Path, clock: ShiftedClock
) -> None:
    first, second = Recorder(), Recorder()
    store = tmp_path / "session.json"
    one = UserSession(connection=connect(world.server.url, first, clock), store=SessionFile(store))
    one.login(person.email, person.password)
    two = UserSession(connection=connect(world.server.url, second, clock), store=SessionFile(store))
    assert two.token().reveal() == one.token().reveal()
    clock.ahead = 890
    assert one.token().reveal() == two.token().reveal()
    assert (first.count("/auth/refresh"), second.requests) == (1, [])


def test_a_session_that_ended_elsewhere_needs_a_sign_in(world: World, session: UserSession, recorder: Recorder) -> None:
    world.api.post("/auth/logout", bearer=session.token().reveal()).expect(200)
    with LinkXG(session) as client, pytest.raises(SignInRequired, match="Sign in again"):
        list(client.products.list(sku="none"))
    with pytest.raises(SignInRequired):
        session.token()
    assert recorder.count("/auth/refresh") == 1


def test_sign_out_ends_the_session_at_the_service(world: World, session: UserSession) -> None:
    token = session.token().reveal()
    session.logout()
    me(world.api, token).expect(401, "invalid_token")
    assert session.user is None
    session.logout()


def test_a_second_factor_completes_the_sign_in(world: World, connection: Connection, person: Person) -> None:
    _, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    session = UserSession(connection=connection)
    with pytest.raises(MfaRequired) as required:
        session.login(person.email, person.password)
    assert "totp" in required.value.methods
    assert "lxgmfa_" not in repr(required.value.args)
    session.complete_login(app.code())
    me(world.api, session.token().reveal()).expect(200)


def test_a_session_in_tasks(world: World, person: Person, recorder: Recorder, clock: ShiftedClock) -> None:
    async def main() -> None:
        session = UserSession(connection=connect(world.server.url, recorder, clock))
        await session.alogin(person.email, person.password)
        clock.ahead = 890
        async with AsyncLinkXG(session) as client:
            await asyncio.gather(*(client.products.list(sku="none").pages().__anext__() for _ in range(20)))
        await session.alogout()

    asyncio.run(main())
    assert recorder.count("/auth/refresh") == 1
    assert recorder.count("/auth/logout") == 1
