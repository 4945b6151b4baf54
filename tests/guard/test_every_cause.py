"""Every cause of revocation reaches a guarded service within a second, without a request per call.

Security rule 290.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.revocations import EVERY_REVOCATION, Revocation
from guard.conftest import GuardedFactory
from guard.guarded import RESOURCE, REVOKED_WITHIN_S, GuardedService, register, settings_for, until
from harness.clients import get_token, request_token, revoke
from harness.concurrency import PersistentClient
from harness.world import World


@pytest.fixture
def service(world: World, guarded: GuardedFactory) -> GuardedService:
    return guarded(**settings_for(world, register(world), accept_api_tokens=True))


@pytest.mark.parametrize("cause", EVERY_REVOCATION, ids=lambda cause: cause.__name__)
def test_every_cause_of_revocation_reaches_a_guarded_service(
    world: World, service: GuardedService, cause: Callable[[World], Revocation]
) -> None:
    revocation = cause(world)
    if revocation.token is None:
        pytest.skip("ends no access token")
    assert service.status(revocation.token) == 200
    with PersistentClient(world.server) as client:
        revocation.act(client)
    until(lambda: service.status(revocation.token) == 401, REVOKED_WITHIN_S)


def test_a_token_for_the_service_dies_with_its_client_and_alone(world: World, service: GuardedService) -> None:
    oauth = world.new_client()
    tokens = [
        str(request_token(world.api, oauth, resource=RESOURCE).expect(200).object()["access_token"]) for _ in range(3)
    ]
    assert {service.status(token) for token in tokens} == {200}
    revoke(world.api, oauth, tokens[0]).expect(200)
    until(lambda: service.status(tokens[0]) == 401, REVOKED_WITHIN_S)
    assert service.status(tokens[1]) == 200
    path = f"/oauth/clients/{oauth.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    until(lambda: service.status(tokens[1]) == 401, REVOKED_WITHIN_S)
    assert service.status(tokens[2]) == 401, "never seen before"


def test_a_token_revoked_before_the_service_started_is_refused(world: World, guarded: GuardedFactory) -> None:
    oauth = world.new_client()
    token = get_token(world.api, oauth)
    revoke(world.api, oauth, token).expect(200)
    started = guarded(**settings_for(world, register(world), accept_api_tokens=True))
    assert started.status(token) == 401


def test_calls_with_a_known_token_ask_nothing(world: World, service: GuardedService) -> None:
    """Only the feed is asked, however many calls there are."""
    token = world.token()

    def introspections() -> int:
        return sum(event.get("route", "").endswith("/introspect") for event in world.server.log_events("request"))

    asked = introspections()
    assert service.status(token) == 200
    # Its log line may come after its answer.
    until(lambda: introspections() > asked, 5)
    before = introspections()
    for _ in range(200):
        assert service.status(token) == 200
    assert introspections() == before
