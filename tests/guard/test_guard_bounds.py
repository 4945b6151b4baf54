"""What a guard does while LinkXG is away, restarts, changes its keys, or has another clock.

Security rules 291 and 293.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import ServerFactory, checked_for_leaks
from guard.conftest import GuardedFactory
from guard.guarded import RESOURCE, REVOKED_WITHIN_S, GuardedService, register, settings_for, until
from harness.clients import OAuthClient, get_token, make_resource_server, request_token, revoke, rotate
from harness.token_forge import kid
from harness.world import World, build_world

pytestmark = pytest.mark.any_engine

BOUND_S = 3.0


def token_for(world: World, oauth: OAuthClient | None = None, **extra: str) -> str:
    answer = request_token(world.api, oauth or world.oauth, resource=RESOURCE, **extra).expect(200)
    return str(answer.object()["access_token"])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def own(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[World]:
    """Its server may be stopped; each test leaves it running."""
    yield from checked_for_leaks(build_world(new_server(request.param)))


@pytest.fixture
def own_service(own: World, guarded: GuardedFactory) -> GuardedService:
    return guarded(**settings_for(own, register(own), max_staleness_s=BOUND_S))


def test_a_guard_that_loses_the_feed_fails_closed_at_its_bound(own: World, own_service: GuardedService) -> None:
    token = token_for(own)
    assert own_service.status(token) == 200
    own.server.process.signal_group(19)  # SIGSTOP: connections stay, and nobody answers
    stopped = time.monotonic()
    try:
        while time.monotonic() <= stopped + BOUND_S:
            assert own_service.status(token) in (200, 503)
            time.sleep(0.02)
        answer = own_service.get(token)
        assert answer.status_code == 503
        assert (answer.json()["error"], answer.headers["retry-after"]) == ("temporarily_unavailable", "1")
        assert "www-authenticate" not in answer.headers
        assert own_service.http.get("/healthz").json() == {"ready": False}
    finally:
        own.server.process.signal_group(18)
    until(lambda: own_service.status(token) == 200, 15)


def test_a_restart_within_the_bound_is_not_noticed(own: World, guarded: GuardedFactory) -> None:
    service = guarded(**settings_for(own, register(own), max_staleness_s=60))
    token = token_for(own)
    assert service.status(token) == 200
    seen: set[int] = set()
    done = threading.Event()

    def call() -> None:
        while not done.is_set():
            seen.add(service.status(token))
            time.sleep(0.02)

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        began = time.monotonic()
        try:
            own.server.stop()
            stopped = time.monotonic()
            own.server.start()
        finally:
            done.set()
        calling.result()
    assert stopped - began < 5, "the held request ends when the server leaves (promise R9)"
    assert seen == {200}
    revoke(own.api, own.oauth, token).expect(200)
    until(lambda: service.status(token) == 401, 5)


def test_revocations_while_the_feed_was_lost_hold_once_it_is_back(own: World, own_service: GuardedService) -> None:
    token, other = token_for(own), token_for(own)
    assert {own_service.status(token), own_service.status(other)} == {200}
    revoke(own.api, own.oauth, token).expect(200)
    own.server.kill()
    until(lambda: own_service.status(other) == 503, BOUND_S + 2)
    own.server.start()
    until(lambda: own_service.status(other) == 200, 15)
    assert own_service.status(token) == 401


def test_a_guard_whose_client_is_disabled_lets_nobody_in(own: World, guarded: GuardedFactory) -> None:
    server = make_resource_server(own.api, own.owner, "https://short.example")
    service = guarded(**settings_for(own, server, "https://short.example", max_staleness_s=BOUND_S))
    token = str(request_token(own.api, own.oauth, resource="https://short.example").object()["access_token"])
    assert service.status(token) == 200
    path = f"/oauth/clients/{server.client_id}"
    own.api.patch(path, bearer=own.owner.access, json={"disabled": True}).expect(200)
    until(lambda: service.status(token) == 503, BOUND_S + 2)


def test_a_secret_is_replaced_with_an_overlap(own: World, guarded: GuardedFactory) -> None:
    resource = "https://rotated.example"
    old = make_resource_server(own.api, own.owner, resource)
    service = guarded(**settings_for(own, old, resource, max_staleness_s=BOUND_S))
    token = str(request_token(own.api, own.oauth, resource=resource).expect(200).object()["access_token"])
    rotated = rotate(own.api, old, own.owner.access, grace_period_seconds=600).expect(200).object()
    new = OAuthClient(old.client_id, rotated["client_secret"], "", "")
    second = guarded(**settings_for(own, new, resource, max_staleness_s=BOUND_S))
    time.sleep(BOUND_S + 1)
    assert service.status(token) == second.status(token) == 200


@pytest.fixture(scope="module", params=["HS256", "ES256", "EdDSA", "RS256"])
def signing(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[World]:
    yield from checked_for_leaks(build_world(new_server(LINKXG_TOKEN_ALGORITHM=str(request.param))))


def test_keys_change_without_a_failed_call_and_retire_at_once(signing: World, guarded: GuardedFactory) -> None:
    """Security rule 60."""
    service = guarded(**settings_for(signing, register(signing)))
    old = token_for(signing)
    assert service.status(old) == 200
    signing.server.command("keys", "rotate", "--now")
    new = token_for(signing)
    assert kid(new) != kid(old)
    assert service.status(new) == 200, "at once, by a key never seen before"
    assert service.status(old) == 200
    signing.server.command("keys", "retire", kid(old))
    until(lambda: service.status(old) == 401, REVOKED_WITHIN_S)
    assert service.status(new) == 200
    unseen = token_for(signing)
    assert service.status(unseen) == 200


def test_a_flood_of_unknown_keys_costs_few_requests(signing: World, guarded: GuardedFactory) -> None:
    service = guarded(**settings_for(signing, register(signing)))
    genuine = token_for(signing)
    assert service.status(genuine) == 200
    header, claims, signature = genuine.split(".")
    del header
    from harness.token_forge import encode, json_bytes

    def reads() -> int:
        routes = ("/revocations", "/jwks.json", "/introspect")
        return sum(event.get("route", "").endswith(routes) for event in signing.server.log_events("request"))

    before, began = reads(), time.monotonic()
    for number in range(300):
        alg = ("HS256", "ES256", "EdDSA", "RS256")[number % 4]
        forged = encode(json_bytes({"alg": alg, "typ": "at+jwt", "kid": f"unknown{number}"}))
        assert service.status(f"{forged}.{claims}.{signature}") == 401
    seconds = time.monotonic() - began
    assert reads() - before <= 10 + 4 * seconds
    assert service.status(genuine) == 200


@pytest.mark.parametrize("skew", [-3_600, 3_600])
def test_a_wrong_clock_of_the_guarded_service_changes_nothing(world: World, guarded: GuardedFactory, skew: int) -> None:
    """Promise R7: tokens are judged by the time of LinkXG."""
    service = guarded("starlette", skew=skew, **settings_for(world, register(world)))
    assert service.status(token_for(world)) == 200


def test_a_token_bound_to_addresses_is_refused_from_others(world: World, guarded: GuardedFactory) -> None:
    from harness.clients import make_client

    service = guarded(**settings_for(world, register(world)))
    here = make_client(world.api, world.owner, allowed_cidrs=["127.0.0.0/8"])
    token = token_for(world, here)
    assert service.status(token) == 200
    proxied = service.get(token, headers={"X-Forwarded-For": "203.0.113.9"})
    assert proxied.status_code == 401, "the server in front says that the caller is elsewhere"


def test_an_account_cannot_enter_the_service_of_another(world: World, guarded: GuardedFactory) -> None:
    """Both have a resource server with the same identifier; the claim account_id tells them apart."""
    service = guarded(**settings_for(world, register(world)))
    make_resource_server(world.api, world.other_owner, RESOURCE)
    token = token_for(world, world.other_oauth)
    assert service.status(token) == 401
    assert service.status(get_token(world.api, world.oauth)) == 401, "a token for LinkXG's own API"


@pytest.fixture
def service(world: World, guarded: GuardedFactory) -> GuardedService:
    return guarded(**settings_for(world, register(world)))


def test_a_revocation_ends_a_streamed_answer(world: World, service: GuardedService) -> None:
    oauth = world.new_client()
    token = token_for(world, oauth)
    with service.http.stream("GET", "/stream", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status_code == 200
        parts = answer.iter_raw()
        next(parts)
        revoke(world.api, oauth, token).expect(200)
        revoked = time.monotonic()
        # Cut off, not ended in order.
        with pytest.raises(httpx.RemoteProtocolError):
            deque(parts, maxlen=0)
        assert time.monotonic() - revoked < REVOKED_WITHIN_S
