"""Codes are guessed at no better than passwords, and nobody is locked out. Security rules 129 and 130."""

from __future__ import annotations

import time
from functools import partial

import pytest

from attacks.conftest import further_attempts, new_source
from harness.concurrency import concurrently
from harness.factors import Authenticator, first_step, forget_steps, person_with_totp, second_step, sign_in_with_factor
from harness.people import Person, login
from harness.rows import count
from harness.world import World

GUESSES = 1_000
PER_CHALLENGE = 5
FREE = 5


def _tried(world: World, person: Person) -> int:
    """The codes that were compared with the right ones."""
    failed = f"SELECT count(*) FROM audit_events WHERE action = 'mfa.failed' AND target = '{person.user_id}'"
    return count(world.server.database, failed)


@pytest.fixture
def victim(limited: World) -> tuple[Person, Authenticator]:
    with limited.server.client(new_source()) as home:
        person = limited.person()
        _, app = person_with_totp(home, person)
    forget_steps(limited, person, app)
    return person, app


def _guess(world: World, source: str, token: str, number: int) -> int:
    with world.server.client(source) as client:
        return second_step(client, token, f"{number:06}").status


def test_rule_129_one_sign_in_allows_five_wrong_codes_from_everywhere(
    limited: World, victim: tuple[Person, Authenticator]
) -> None:
    person, app = victim
    with limited.server.client(new_source()) as attacker:
        token = first_step(attacker, person)
    sources = [new_source() for _ in range(50)]
    guesses = (partial(_guess, limited, sources[number % 50], token, number) for number in range(60))
    assert set(concurrently(guesses)) <= {401, 429}
    for number in range(60, GUESSES, 47):
        _guess(limited, sources[number % 50], token, number)
    assert 0 < _tried(limited, person) <= PER_CHALLENGE
    # Security rule 130: the person themselves is not locked out.
    with limited.server.client(new_source()) as home:
        sign_in_with_factor(home, person, app.code())


def test_rule_129_new_sign_ins_allow_no_more_codes(limited: World, victim: tuple[Person, Authenticator]) -> None:
    person, app = victim
    source = new_source()
    guessed, limited_answers = 0, 0
    with limited.server.client(source) as attacker:
        while guessed < GUESSES:
            answer = login(attacker, person.email, person.password)
            if answer.status == 429:
                limited_answers += 1
                guessed += 100
                continue
            token = answer.expect(401, "mfa_required").object()["mfaToken"]
            statuses = [second_step(attacker, token, f"{guessed + number:06}").status for number in range(10)]
            assert set(statuses) <= {401, 429}
            guessed += 10
    assert limited_answers
    assert 0 < _tried(limited, person) <= FREE + 1
    with limited.server.client(new_source()) as home:
        sign_in_with_factor(home, person, app.code())


def test_rule_129_parallel_guesses_are_limited_like_sequential_ones(
    limited: World, victim: tuple[Person, Authenticator]
) -> None:
    person, _ = victim
    source = new_source()
    with limited.server.client(source) as attacker:
        tokens = [first_step(attacker, person) for _ in range(4)]
    began = time.monotonic()
    statuses = concurrently(partial(_guess, limited, source, tokens[number % 4], number) for number in range(40))
    assert set(statuses) == {401, 429}
    assert _tried(limited, person) <= FREE + further_attempts(time.monotonic() - began)


def test_rule_129_a_correct_password_does_not_reset_the_count(
    limited: World, victim: tuple[Person, Authenticator]
) -> None:
    person, _ = victim
    source = new_source()
    with limited.server.client(source) as attacker:
        token = first_step(attacker, person)
        for number in range(FREE):
            second_step(attacker, token, f"{number:06}").expect(401, "invalid_credentials")
        second_step(attacker, first_step(attacker, person), "000009").expect(429, "rate_limit_exceeded")


def test_rule_129_a_correct_code_resets_the_count(limited: World, victim: tuple[Person, Authenticator]) -> None:
    person, app = victim
    with limited.server.client(new_source()) as home:
        for _ in range(2):
            token = first_step(home, person)
            for number in range(FREE - 2):
                second_step(home, token, f"{number:06}").expect(401, "invalid_credentials")
            second_step(home, token, app.code()).expect(200)
            forget_steps(limited, person, app)


def test_rule_130_a_stranger_without_the_password_counts_nothing(
    limited: World, victim: tuple[Person, Authenticator]
) -> None:
    person, app = victim
    source = new_source()
    with limited.server.client(source) as stranger:
        for number in range(20):
            second_step(stranger, "lxgmfa_" + "A" * 49, f"{number:06}").expect(401, "invalid_token")
        sign_in_with_factor(stranger, person, app.code())
    assert _tried(limited, person) == 0
