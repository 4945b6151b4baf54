"""A revocation on one node or worker reaches a service that follows another one. Security rule 290."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import GENERAL
from guard.conftest import GuardedFactory
from guard.guarded import RESOURCE, REVOKED_WITHIN_S, GuardedService, register, settings_for, until
from harness.client import Client
from harness.clients import request_token, revoke
from harness.topologies import start_another_node
from harness.world import World

WorldFactory = Callable[..., World]


def _revoked_through(world: World, services: list[GuardedService], client: Client) -> None:
    oauth = world.new_client()
    token = str(request_token(world.api, oauth, resource=RESOURCE).expect(200).object()["access_token"])
    for service in services:
        assert service.status(token) == 200
    revoke(client, oauth, token).expect(200)
    for service in services:
        until(lambda service=service: service.status(token) == 401, REVOKED_WITHIN_S)  # type: ignore[misc]


@pytest.fixture
def nodes(fresh_world: WorldFactory, tmp_path: Path) -> Iterator[tuple[World, Client]]:
    world = fresh_world("postgres")
    second = start_another_node(tmp_path, world.server, GENERAL)
    with second.client() as client:
        yield world, client
    second.close()


def test_a_revocation_on_another_node_reaches_the_service(nodes: tuple[World, Client], guarded: GuardedFactory) -> None:
    world, other = nodes
    service = guarded(**settings_for(world, register(world)))
    for _ in range(3):
        _revoked_through(world, [service], other)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_services_that_follow_different_workers_hear_of_each_revocation(
    engine: str, fresh_world: WorldFactory, guarded: GuardedFactory
) -> None:
    world = fresh_world(engine, workers=3)
    services = [guarded(**settings_for(world, register(world))) for _ in range(3)]
    for _ in range(3):
        _revoked_through(world, services, world.api)
