"""A node whose clock is wrong. Promise R7, security rules 30 and 50.

Within the leeway nobody notices. Beyond it a node refuses what others issue, or others what it issues, but a token is
never accepted after its time by the clock of who is asked, and what is ended stays ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import GENERAL, DatabaseFactory
from harness.clients import get_token, revoke, rotate, with_secret
from harness.concurrency import PersistentClient, seconds_until
from harness.nodes import Nodes
from harness.people import logout, me, refresh, session_of, sign_in
from harness.token_forge import TokenForge
from harness.vault import Vault
from harness.world import World, build_world

SKEWED = Path(__file__).parent / "skewed"
LEEWAY_S = 5
SKEW_S = 120
DAY_S = 86_400
VISIBLE_S = 1.0
Ahead = Callable[[float], PersistentClient]


@pytest.fixture
def nodes(tmp_path: Path, new_database: DatabaseFactory) -> Iterator[Nodes]:
    made = Nodes(tmp_path, new_database("postgres"), Vault(), GENERAL)
    yield made
    made.close()


@pytest.fixture
def world(nodes: Nodes) -> Iterator[World]:
    built = build_world(nodes.add())
    yield built
    built.close()


@pytest.fixture
def node_ahead(nodes: Nodes, world: World) -> Iterator[Ahead]:
    """Starts a second node, whose clock is that many seconds ahead, and connects to it."""
    opened: list[PersistentClient] = []

    def start(seconds: float) -> PersistentClient:
        assert world.server.running
        opened.append(PersistentClient(nodes.add(PYTHONPATH=str(SKEWED), SKEW_S=str(seconds)).start()))
        return opened[-1]

    yield start
    for client in opened:
        client.close()


def is_refused(client: PersistentClient, token: str) -> bool:
    return client.get("/products", bearer=token).status == 401


def is_dead(client: PersistentClient, access: str) -> bool:
    return me(client, access).status == 401


@pytest.mark.parametrize("ahead", [LEEWAY_S - 2, 2 - LEEWAY_S])
def test_r7_skew_within_the_leeway_has_no_effect(world: World, node_ahead: Ahead, ahead: float) -> None:
    # A node that lives before the first key is refused.
    made = world.server.signing_keys()[0]["active_from"]
    seconds_until(lambda: time.time() + ahead > made + 1, within=2 * LEEWAY_S)
    there, here = node_ahead(ahead), world.api
    for gets, uses in ((there, here), (here, there)):
        oauth = world.new_client()
        session, token = sign_in(gets, world.person()), get_token(gets, oauth)
        me(uses, session.access).expect(200)
        uses.get("/products", bearer=token).expect(200)
        session = session_of(session.person, refresh(uses, session.refresh).expect(200))
        me(gets, session.access).expect(200)
        logout(gets, session.access).expect(200)
        revoke(gets, oauth, token).expect(200)
        if isinstance(uses, PersistentClient):
            seconds_until(is_dead, uses, session.access, within=VISIBLE_S)
            seconds_until(is_refused, uses, token, within=VISIBLE_S)
        rotated = with_secret(oauth, rotate(uses, oauth, world.owner.access).expect(200))
        get_token(gets, rotated)


def test_r7_skew_beyond_the_leeway_never_extends_a_token(world: World, node_ahead: Ahead) -> None:
    there, here = node_ahead(SKEW_S), world.api
    forge = TokenForge(world.server.signing_keys()[0])
    before, after = sign_in(here, world.account.owner), sign_in(there, world.account.owner)
    # Whose clock is behind takes what comes from ahead for issued in the future.
    me(here, after.access).expect(401, "invalid_token")
    me(there, before.access).expect(200)
    # A session belongs to the rows: a refresh where the token is not believed gives one that is.
    me(here, session_of(after.person, refresh(here, after.refresh).expect(200)).access).expect(200)

    def ending(at: float) -> str:
        """The Owner's token as if it ended at this moment of the other node's clock."""
        claims = {"iat": int(at) - 900, "exp": int(at)}
        return world.vault.remember("forged token", forge.with_changes(before.access, claims=claims))

    now = time.time() + SKEW_S
    me(there, ending(now + 10)).expect(200)
    for late in (LEEWAY_S + 1, 60, 900):
        me(there, ending(now - late)).expect(401, "invalid_token")
    logout(here, before.access).expect(200)
    refresh(there, before.refresh).expect(401, "invalid_token")


def test_a_node_whose_clock_is_before_the_first_key_is_refused(nodes: Nodes, world: World) -> None:
    assert world.server.running
    # The key may be one that the run made for its first server.
    node = nodes.add(PYTHONPATH=str(SKEWED), SKEW_S=str(-DAY_S))
    process = node.launch()
    assert process.wait() == 1
    assert "is the clock right?" in process.tail()
