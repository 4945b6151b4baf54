"""What passwords are stored as, and what their hashes cost. Security rules 67 to 69."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import ServerFactory, general_world
from harness.clients import request_token
from harness.password_hashes import FULL_COST
from harness.people import Person, login, new_email, sign_in
from harness.rows import rows
from harness.topologies import Topology
from harness.world import World

FULL = "$argon2id$v=19$m=19456,t=2,p=1$"


@pytest.fixture(scope="module")
def world(topology: Topology, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A general server whose hashes cost what they do in production."""
    yield from general_world(topology, new_server, tmp_path_factory, **FULL_COST)


def wrong(world: World) -> str:
    return world.vault.invent("mistyped password", length=24)


def refusal_seconds(world: World, email: str) -> float:
    return login(world.api, email, wrong(world)).expect(401, "invalid_credentials").seconds


def stored(world: World, person: Person) -> str:
    sql = f"SELECT password_hash FROM users WHERE id = '{person.user_id}'"
    return rows(world.server.database, sql)[0][0]


def test_rule_67_an_unknown_address_costs_as_much_time(world: World) -> None:
    person = world.person("VIEWER")
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(12):
        seconds["known"].append(refusal_seconds(world, person.email))
        seconds["unknown"].append(refusal_seconds(world, new_email()))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    # A hash takes some 20 ms, a refusal without one about 1 ms: a factor of 2 tells them apart.
    assert max(medians.values()) < 2 * min(medians.values()), medians


def test_rule_69_a_flood_of_sign_ins_does_not_hold_up_tokens(world: World) -> None:
    person = world.person("VIEWER")

    def attempt(_: int) -> tuple[int, str | None]:
        with world.server.client() as attacker:
            answer = login(attacker, person.email, wrong(world), allow_503=True)
            return answer.status, answer.error

    with ThreadPoolExecutor(32) as pool:
        flood = [pool.submit(attempt, number) for number in range(96)]
        waits = [request_token(world.api, world.oauth).expect(200).seconds for _ in range(20)]
        outcomes = {attempted.result() for attempted in flood}
    assert (401, "invalid_credentials") in outcomes
    assert outcomes <= {(401, "invalid_credentials"), (503, "temporarily_unavailable")}
    # 96 hashes of some 20 ms would be two seconds of waiting in one queue.
    assert statistics.median(waits) < 0.5, waits


def test_rule_68_passwords_are_stored_with_argon2id(world: World) -> None:
    assert stored(world, world.person("VIEWER")).startswith(FULL)


def test_rule_68_passwords_are_hashed_again_at_sign_in_when_parameters_rise(
    engine: str, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world(engine)
    returning, absent = world.person("VIEWER"), world.person("VIEWER")
    earlier = stored(world, absent)
    assert earlier.startswith("$argon2id$")
    assert not earlier.startswith(FULL)
    world.server.environment |= FULL_COST
    world.server.restart()
    login(world.api, returning.email, wrong(world)).expect(401, "invalid_credentials")
    assert not stored(world, returning).startswith(FULL)
    sign_in(world.api, returning)
    assert stored(world, returning).startswith(FULL)
    assert stored(world, absent) == earlier
    for person in (returning, absent):
        sign_in(world.api, person)
