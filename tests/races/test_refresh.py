"""Concurrent uses of one refresh token: one successor at most. Promise R2, security rules 79 to 81."""

from __future__ import annotations

from functools import partial

import pytest

from harness.concurrency import PersistentClient, ask_concurrently, concurrently, seconds_until
from harness.history import History, forks
from harness.people import me, refresh, session_of, sign_in
from harness.world import World
from races.conftest import ClientsFactory

CALLERS = 32


def is_refused(client: PersistentClient, access: str) -> bool:
    answer = me(client, access)
    answer.expect_one_of((200, None), (401, "invalid_token"))
    return answer.status == 401


@pytest.mark.parametrize("generation", [0, 3])
def test_r2_rule_79_one_of_many_wins_and_the_session_ends(
    arena: World, new_clients: ClientsFactory, bound: float, generation: int
) -> None:
    session = first = sign_in(arena.api, arena.account.owner)
    for _ in range(generation):
        session = session_of(session.person, refresh(arena.api, session.refresh))
    callers = new_clients(CALLERS)
    answers = ask_concurrently(callers, lambda client: refresh(client, session.refresh))
    for answer in answers:
        answer.expect_one_of((200, None), (401, "invalid_token"))
    won = [answer for answer in answers if answer.status == 200]
    assert len(won) == 1, answers
    # Security rule 80: all but one presented a used token, so the whole session ended, with the winner's tokens.
    winner = session_of(session.person, won[0])
    for client in callers[:2]:
        for access in (first.access, session.access, winner.access):
            seconds_until(is_refused, client, access, within=bound)
        for token in (winner.refresh, session.refresh, first.refresh):
            refresh(client, token).expect(401, "invalid_token")


def test_r18_rule_81_one_idempotency_key_gets_one_successor(arena: World, new_clients: ClientsFactory) -> None:
    session = sign_in(arena.api, arena.account.owner)
    answers = ask_concurrently(
        new_clients(CALLERS), lambda client: refresh(client, session.refresh, key="same", reveals=False, repeats=True)
    )
    successors = {answer.expect(200).data()["refreshToken"] for answer in answers}
    assert len(successors) == 1
    successor = arena.vault.remember("refresh token", successors.pop())
    for answer in answers:
        me(arena.api, answer.data()["accessToken"]).expect(200)
    refresh(arena.api, successor).expect(200)
    # One generation later the same retry is a reuse like any other.
    refresh(arena.api, session.refresh, key="same").expect(401, "invalid_token")


def test_r2_two_idempotency_keys_are_two_requests(arena: World, new_clients: ClientsFactory) -> None:
    session = sign_in(arena.api, arena.account.owner)
    history = History()

    def attempt(client: PersistentClient, key: str) -> None:
        with history.operation("racer", "refresh", needs=[session.refresh], ends=[session.refresh], key=key) as done:
            answer = refresh(client, session.refresh, key=key, reveals=False, repeats=True)
            answer.expect_one_of((200, None), (401, "invalid_token"))
            done.answered(answer, makes=answer.data()["refreshToken"] if answer.status == 200 else None)

    concurrently([partial(attempt, client, f"key {number % 2}") for number, client in enumerate(new_clients(CALLERS))])
    assert history.acknowledged()
    assert forks(history) == []
    refresh(arena.api, history.acknowledged()[0].makes or "").expect(401, "invalid_token")


def test_r2_many_sessions_of_one_person_do_not_disturb_each_other(arena: World, new_clients: ClientsFactory) -> None:
    person = arena.person()
    sessions = [sign_in(arena.api, person) for _ in range(10)]
    history = History()

    def walk(client: PersistentClient, number: int) -> None:
        session = sessions[number]
        for _ in range(10):
            token = session.refresh
            with history.operation(f"walker {number}", "refresh", needs=[token], ends=[token]) as done:
                answer = refresh(client, token).expect(200)
                session = session_of(person, answer)
                done.answered(answer, makes=session.refresh)
        me(client, session.access).expect(200)

    concurrently([partial(walk, client, number) for number, client in enumerate(new_clients(len(sessions)))])
    assert len(history.acknowledged("refresh")) == 100
    assert forks(history) == []
