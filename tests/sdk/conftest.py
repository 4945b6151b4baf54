"""Clients of the general server, whose requests are counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.clients import ALL_SCOPES, OAuthClient
from harness.world import World
from linkxg_client import ClientCredentials, Connection
from sdk.doubles import Recorder, ShiftedClock

Connect = Callable[..., Connection]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def connection(world: World, recorder: Recorder, clock: ShiftedClock) -> Connection:
    """To the general server."""
    return connect(world.server.url, recorder, clock)


def connect(url: str, recorder: Recorder, clock: ShiftedClock) -> Connection:
    return Connection(url, transport=recorder.transport, async_transport=recorder.async_transport, clock=clock)


@pytest.fixture
def oauth(world: World) -> OAuthClient:
    """A client of its own, with every scope."""
    return world.new_client(ALL_SCOPES)


@pytest.fixture
def credentials(oauth: OAuthClient, connection: Connection) -> ClientCredentials:
    return ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection)
