"""A client of the library that has a key instead of a secret."""

from __future__ import annotations

import pytest

from harness.client_assertions import KeyClient, make_key_client, set_methods
from harness.world import World
from linkxg_client import ClientAssertions, ClientCredentials, ConnectionFailed, InvalidClient, LinkXG
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock
from sdk.lossy_proxy import LossyProxy

pytestmark = pytest.mark.any_engine


@pytest.fixture
def machine(world: World) -> KeyClient:
    made = make_key_client(world)
    set_methods(world.api, world.owner, made.client_id, ["private_key_jwt"]).expect(200)
    return made


def credentials_of(machine: KeyClient, url: str, recorder: Recorder, clock: ShiftedClock) -> ClientCredentials:
    return ClientCredentials(
        machine.client_id, ClientAssertions(machine.assertion), connection=connect(url, recorder, clock)
    )


def test_an_assertion_is_made_for_each_token(
    world: World, machine: KeyClient, recorder: Recorder, clock: ShiftedClock
) -> None:
    credentials = credentials_of(machine, world.server.url, recorder, clock)
    with LinkXG(credentials) as client:
        assert list(client.products.list(sku="none")) == []
    credentials.token("products:read")
    assert credentials.connection.run(credentials.introspect(credentials.token()))["active"] is True


def test_after_a_lost_answer_the_next_call_has_a_new_assertion(
    world: World, machine: KeyClient, recorder: Recorder, clock: ShiftedClock
) -> None:
    with LossyProxy(world.server.url) as proxy:
        credentials = credentials_of(machine, proxy.url, recorder, clock)
        proxy.lose("/oauth/token")
        with pytest.raises(ConnectionFailed):
            credentials.token()
        assert credentials.token().scope
        assert proxy.lost["/oauth/token"] == 1


def test_the_same_assertion_again_is_an_invalid_client(
    world: World, machine: KeyClient, recorder: Recorder, clock: ShiftedClock
) -> None:
    kept = machine.assertion()
    connection = connect(world.server.url, recorder, clock)
    credentials = ClientCredentials(machine.client_id, ClientAssertions(lambda: kept), connection=connection)
    credentials.token("products:read")
    with pytest.raises(InvalidClient) as refused:
        credentials.token("dpp:read")
    assert kept not in repr(refused.value)
