"""Rate limits slow the guesser down and nobody else. Security rules 18 and 105 to 112."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from attacks.cases import case
from attacks.conftest import PROXIED, new_source
from harness.answers import Answer
from harness.client import Client
from harness.clients import OAuthClient, introspect, request_token, revoke
from harness.people import Session, login, me, new_email, refresh, sign_in
from harness.redis import KeyValueServer
from harness.world import World

FREE_CLIENT_FAILURES = 10
FREE_LOGIN_FAILURES = 5
CEILING = 100
PARALLEL = 8
POLICY = re.compile(r'"[\w-]+";q=\d+(;w=\d+)?')
STATE = re.compile(r'"[\w-]+";r=0(;t=\d+)?')
ClientAddresses = Callable[..., Client]
WorldFactory = Callable[..., World]


def limited_answer(answer: Answer) -> int:
    """A 429 in full; answers the seconds to wait."""
    answer.expect(429, "rate_limit_exceeded")
    assert POLICY.fullmatch(answer.header("ratelimit-policy") or ""), answer.fields
    assert STATE.fullmatch(answer.header("ratelimit") or ""), answer.fields
    assert "no-store" in (answer.header("cache-control") or "")
    return int(answer.header("retry-after") or "0")


def mistyped(world: World, oauth: OAuthClient) -> OAuthClient:
    secret = world.vault.invent("mistyped client secret", prefix="lxgsec_", length=49)
    return OAuthClient(oauth.client_id, secret, oauth.scope, oauth.secret_id)


def exhaust_client(world: World, client: Client, oauth: OAuthClient) -> None:
    """Guess until the budget of this client and source is gone."""
    for _ in range(FREE_CLIENT_FAILURES):
        request_token(client, mistyped(world, oauth)).expect(401, "invalid_client")


def guess(world: World, client: Client, email: str) -> Answer:
    return login(client, email, world.vault.invent("mistyped password", length=24))


def exhaust_login(world: World, client: Client, email: str) -> Answer:
    """Guess until refused; answers the refusal."""
    for _ in range(FREE_LOGIN_FAILURES):
        guess(world, client, email).expect(401, "invalid_credentials")
    for _ in range(2):
        answer = guess(world, client, email)
        if answer.status == 429:
            return answer
    raise AssertionError(f"{FREE_LOGIN_FAILURES + 2} guesses in a row were answered: {answer}")


def test_rule_109_a_guesser_is_stopped_and_the_customer_is_not(limited: World, sources: ClientAddresses) -> None:
    oauth = limited.new_client("products:read")
    attacker, customer = sources(limited.server), sources(limited.server)
    exhaust_client(limited, attacker, oauth)
    wait = limited_answer(request_token(attacker, mistyped(limited, oauth)))
    assert 1 <= wait <= 61
    request_token(customer, oauth).expect(200)
    # Even the right secret is not told apart from here: a lucky guess must not be confirmed.
    limited_answer(request_token(attacker, oauth))


def test_rule_109_other_clients_of_the_same_source_are_not_limited(limited: World, sources: ClientAddresses) -> None:
    victim, neighbour = limited.new_client("products:read"), limited.new_client("products:read")
    office = sources(limited.server)
    exhaust_client(limited, office, victim)
    limited_answer(request_token(office, mistyped(limited, victim)))
    request_token(office, neighbour).expect(200)


def test_rule_109_unknown_clients_are_limited_like_known_ones(limited: World, sources: ClientAddresses) -> None:
    stranger = OAuthClient("lxgcli_" + "Z" * 20, "", "", "")
    attacker = sources(limited.server)
    exhaust_client(limited, attacker, stranger)
    limited_answer(request_token(attacker, mistyped(limited, stranger)))


@pytest.mark.parametrize("guessing", [case(18, "revoke", revoke), case(18, "introspect", introspect)])
def test_every_endpoint_that_takes_a_secret_counts(
    limited: World, sources: ClientAddresses, guessing: Callable[..., Answer]
) -> None:
    oauth = limited.new_client("products:read")
    attacker = sources(limited.server)
    for _ in range(FREE_CLIENT_FAILURES):
        guessing(attacker, mistyped(limited, oauth), "abc").expect(401, "invalid_client")
    limited_answer(guessing(attacker, mistyped(limited, oauth), "abc"))
    # One budget for all three: otherwise a guesser would have three times as many tries.
    limited_answer(request_token(attacker, mistyped(limited, oauth)))


def test_rule_109_successes_do_not_count_as_failures(limited: World, sources: ClientAddresses) -> None:
    oauth = limited.new_client("products:read")
    source = sources(limited.server)
    for _ in range(FREE_CLIENT_FAILURES + 5):
        request_token(source, oauth).expect(200)
    request_token(source, mistyped(limited, oauth)).expect(401, "invalid_client")


def test_rule_107_guessing_a_password_becomes_slow(limited: World, sources: ClientAddresses) -> None:
    person = limited.person("VIEWER")
    attacker, home = sources(limited.server), sources(limited.server)
    limited_answer(exhaust_login(limited, attacker, person.email))
    login(home, person.email, person.password).expect(200)


def test_rule_107_a_throttled_correct_password_looks_like_a_wrong_one(limited: World, sources: ClientAddresses) -> None:
    person = limited.person("VIEWER")
    attacker = sources(limited.server)
    wrong = exhaust_login(limited, attacker, person.email)
    right = login(attacker, person.email, person.password)
    limited_answer(right)
    assert right.without_request_id == wrong.without_request_id


def test_rule_107_unknown_addresses_are_throttled_alike(limited: World, sources: ClientAddresses) -> None:
    known = exhaust_login(limited, sources(limited.server), limited.person("VIEWER").email)
    unknown = exhaust_login(limited, sources(limited.server), new_email("nobody"))
    assert known.without_request_id == unknown.without_request_id
    assert limited_answer(known) == limited_answer(unknown)


def test_rule_107_the_address_has_one_counter_in_every_case(limited: World, sources: ClientAddresses) -> None:
    person = limited.person("VIEWER")
    attacker = sources(limited.server)
    for email in (
        person.email,
        person.email.upper(),
        person.email.title(),
        person.email.swapcase(),
        person.email,
    ):
        guess(limited, attacker, email).expect(401, "invalid_credentials")
    answers = [guess(limited, attacker, person.email.upper()) for _ in range(2)]
    limited_answer(answers[-1])


def guess_in_parallel(world: World, client: Client, email: str) -> list[int]:
    """The statuses of many guesses, eight of them in flight at a time."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(lambda _: guess(world, client, email).status, range(5 * PARALLEL)))


def test_rule_107_parallel_guessing_is_throttled(limited: World, sources: ClientAddresses) -> None:
    statuses = guess_in_parallel(limited, sources(limited.server), limited.person("VIEWER").email)
    assert set(statuses) <= {401, 429}, statuses
    # A second goes by at most, after which one more is free.
    assert statuses.count(401) <= FREE_LOGIN_FAILURES + 2, statuses


def test_rule_105_retry_after_is_honoured_and_grows(limited: World, sources: ClientAddresses) -> None:
    person = limited.person("VIEWER")
    attacker = sources(limited.server)
    first = limited_answer(exhaust_login(limited, attacker, person.email))
    assert first <= 5, "the first wait must be bearable for a person who mistyped"
    time.sleep(first)
    guess(limited, attacker, person.email).expect(401, "invalid_credentials")
    second = limited_answer(guess(limited, attacker, person.email))
    assert second > first
    time.sleep(second)
    login(attacker, person.email, person.password).expect(200)
    guess(limited, attacker, person.email).expect(401, "invalid_credentials")


def test_rule_107_distributed_guessing_is_capped(limited: World) -> None:
    """NIST: at most 100 failures in a row on one account, however many sources."""
    person = limited.person("VIEWER")
    session = sign_in(limited.api, person)
    refused = 0
    for _ in range(CEILING + 1):
        with limited.server.client(new_source()) as attacker:
            refused += guess(limited, attacker, person.email).status == 429
    assert refused, f"{CEILING + 1} guesses at one account were all answered"
    # Security rule 108: whoever is signed in stays so.
    me(limited.api, session.access).expect(200)
    refresh(limited.api, session.refresh).expect(200)


def test_rule_108_guessers_elsewhere_do_not_lock_the_person_out(limited: World, sources: ClientAddresses) -> None:
    person = limited.person("VIEWER")
    home = sources(limited.server)
    login(home, person.email, person.password).expect(200)
    for _ in range(5):
        exhaust_login(limited, sources(limited.server), person.email)
    login(home, person.email, person.password).expect(200)


def test_rule_107_spraying_one_password_over_many_people_is_stopped(limited: World, sources: ClientAddresses) -> None:
    attacker = sources(limited.server)
    sprayed = limited.vault.password()
    for _ in range(300):
        if login(attacker, new_email("sprayed"), sprayed).status == 429:
            return
    raise AssertionError("300 people were tried from one address")


@pytest.mark.parametrize(
    "spoof",
    [
        case(110, "left hop", lambda number, real: [("X-Forwarded-For", f"203.0.113.{number}, {real}")]),
        case(110, "two headers", lambda number, real: [("X-Forwarded-For", f"203.0.113.{number}"),
                                                       ("X-Forwarded-For", real)]),
        case(110, "proxy behind", lambda number, real: [("X-Forwarded-For", f"{real}, 127.0.0.{number}")]),
        case(110, "forwarded", lambda number, real: [("X-Forwarded-For", real),
                                                     ("Forwarded", f"for=203.0.113.{number}")]),
        case(110, "real-ip", lambda number, real: [("X-Forwarded-For", real),
                                                   ("X-Real-IP", f"203.0.113.{number}")]),
        case(110, "mapped", lambda number, real: [("X-Forwarded-For", "::ffff:" * (number % 2) + real)]),
    ],
)  # fmt: skip
def test_only_the_last_forwarded_hop_is_trusted(
    limited: World, spoof: Callable[[int, str], list[tuple[str, str]]]
) -> None:
    oauth = limited.new_client("products:read")
    real = new_source()
    answers = []
    for number in range(1, FREE_CLIENT_FAILURES + 2):
        headers = [*spoof(number, real), ("X-Forwarded-Proto", "https")]
        with Client(limited.server.url, limited.vault, headers) as attacker:
            answers.append(request_token(attacker, mistyped(limited, oauth)))
    assert [answer.status for answer in answers[:-1]] == [401] * FREE_CLIENT_FAILURES
    limited_answer(answers[-1])


def test_rule_110_one_ipv6_64_is_one_source(limited: World) -> None:
    oauth = limited.new_client("products:read")
    for number in range(FREE_CLIENT_FAILURES):
        with limited.server.client(f"2001:db8:0:7:{number:x}::1") as attacker:
            request_token(attacker, mistyped(limited, oauth)).expect(401, "invalid_client")
    with limited.server.client("2001:db8:0:7:ffff::1") as attacker:
        limited_answer(request_token(attacker, mistyped(limited, oauth)))
    with limited.server.client("2001:db8:0:8::1") as neighbour:
        request_token(neighbour, oauth).expect(200)


@pytest.mark.parametrize(
    "address",
    [
        case(110, "garbage", "abc"),
        case(110, "NUL", "1.2.3.4%00"),
        case(110, "long", "1" * 3000),
        case(110, "empty", ",,"),
        case(110, "zone", "fe80::1%eth0"),
        case(110, "port", "203.0.113.9:443"),
    ],
)
def test_an_unparsable_hop_is_not_an_error(limited: World, address: str) -> None:
    with limited.server.client(address) as odd:
        request_token(odd, limited.oauth).expect_one_of((200, None), (400, "invalid_request"))


def test_rule_110_without_a_trusted_proxy_the_header_is_ignored(fresh_world: WorldFactory) -> None:
    world = fresh_world(LINKXG_LIMIT_SCALE="1")
    oauth = world.oauth
    for number in range(FREE_CLIENT_FAILURES):
        with Client(world.server.url, world.vault, [("X-Forwarded-For", f"203.0.113.{number}")]) as attacker:
            request_token(attacker, mistyped(world, oauth)).expect(401, "invalid_client")
    with Client(world.server.url, world.vault, [("X-Forwarded-For", "203.0.113.200")]) as attacker:
        limited_answer(request_token(attacker, mistyped(world, oauth)))


def test_rule_111_login_failures_survive_a_restart(
    fresh_world: WorldFactory, sources: ClientAddresses, engine: str
) -> None:
    world = fresh_world(engine, source=new_source(), **PROXIED)
    email = world.account.owner.email
    attacker = sources(world.server)
    for _ in range(FREE_LOGIN_FAILURES - 1):
        guess(world, attacker, email).expect(401, "invalid_credentials")
    world.server.restart()
    guess(world, attacker, email).expect(401, "invalid_credentials")
    limited_answer(guess(world, attacker, email))


def test_rule_111_workers_share_their_counters(fresh_world: WorldFactory, key_value_server: KeyValueServer) -> None:
    settings = PROXIED | {"LINKXG_LIMITS_URL": key_value_server.url}
    world = fresh_world(workers=2, source=new_source(), **settings)
    oauth, source = world.oauth, new_source()
    for _ in range(FREE_CLIENT_FAILURES):
        with world.server.client(source) as attacker:  # a new connection may reach either worker
            request_token(attacker, mistyped(world, oauth)).expect(401, "invalid_client")
    for _ in range(8):
        with world.server.client(source) as attacker:
            limited_answer(request_token(attacker, mistyped(world, oauth)))
    with world.server.client(new_source()) as customer:
        request_token(customer, oauth).expect(200)


@pytest.mark.any_engine
def test_rule_112_a_flood_of_sources_takes_bounded_memory(limited: World) -> None:
    before = limited.server.process.resident_bytes()
    for number in range(1000):
        stranger = OAuthClient(f"lxgcli_flood{number:06d}", "lxgsec_wrong", "", "")
        with limited.server.client(f"10.{number // 250}.{number % 250}.1") as attacker:
            attacker.post("/oauth/token", form=stranger.form).expect(401, "invalid_client")
    assert limited.server.process.resident_bytes() - before < 24 * 1024 * 1024


def test_rule_105_refresh_guessing_is_limited(limited: World, sources: ClientAddresses) -> None:
    attacker = sources(limited.server)
    session: Session = limited.session("VIEWER")
    token = limited.vault.invent("mistyped refresh token", prefix="lxgref_", length=43)
    for _ in range(1500):
        if attacker.post("/auth/refresh", json={"refreshToken": token}).status == 429:
            break
    else:
        raise AssertionError("1500 guesses at refresh tokens came from one address")
    refresh(limited.api, session.refresh).expect(200)


def test_rule_105_one_client_cannot_exhaust_token_issuance(limited: World, sources: ClientAddresses) -> None:
    greedy, modest = limited.new_client("products:read"), limited.new_client("products:read")
    office = sources(limited.server)
    for _ in range(2000):
        answer = request_token(office, greedy)
        if answer.status == 429:
            break
    limited_answer(answer)
    request_token(office, modest).expect(200)


def test_rule_105_invitation_guessing_is_limited(limited: World, sources: ClientAddresses) -> None:
    attacker = sources(limited.server)
    for _ in range(400):
        token = limited.vault.invent("mistyped invitation token", length=43)
        body = {"password": "kestrel opens no battery"}
        if attacker.post(f"/invitations/{token}/accept", json=body).status == 429:
            return
    raise AssertionError("400 guesses at invitations came from one address")
