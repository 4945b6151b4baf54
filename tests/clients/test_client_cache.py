"""The bounded cache of client credentials: what it keeps and what it evicts."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from linkxg.db import Database, Invalidation, InvalidationFeed
from linkxg.identity.clients import client_verifier
from linkxg.identity.clients.authentication_methods import BY_SECRET
from linkxg.identity.clients.client_verifier import ClientVerifier
from linkxg.identity.clients.model import CachedClient
from linkxg.ids import CLIENT_ID_PREFIX

KEPT, MANY = 40, 60


class _FakeDatabase:
    """Stands for the database: each client is there, and reads are counted."""

    def __init__(self) -> None:
        self.feed = InvalidationFeed(stale_after=float("inf"))
        self.feed.heard(0.0)
        self.reads = 0

    async def read_single(self, unit: Any, client_id: str) -> CachedClient:
        self.reads += 1
        return CachedClient(client_id, "a", frozenset(), False, (), (), self.reads, None, BY_SECRET, ())


@pytest.fixture
def fake_database(monkeypatch: pytest.MonkeyPatch) -> _FakeDatabase:
    monkeypatch.setattr(client_verifier, "CACHE_SIZE", KEPT)
    return _FakeDatabase()


def _ask(kept: ClientVerifier, numbers: range) -> None:
    async def go() -> None:
        for number in numbers:
            found = await kept.find(f"{CLIENT_ID_PREFIX}{number}")
            assert found is not None
            assert found.id == f"{CLIENT_ID_PREFIX}{number}"

    asyncio.run(go())


def test_cycling_through_more_clients_than_fit_still_hits_the_cache(fake_database: _FakeDatabase) -> None:
    """To forget the oldest for each new one would read every one of them every time."""
    kept = ClientVerifier(cast(Database, fake_database))
    for _ in range(20):
        _ask(kept, range(MANY))
    assert fake_database.reads < 20 * MANY * 0.6
    assert len(kept._cache) == KEPT


def test_active_clients_displace_idle_ones(fake_database: _FakeDatabase) -> None:
    kept = ClientVerifier(cast(Database, fake_database))
    _ask(kept, range(KEPT))
    for _ in range(20 * client_verifier.ADMIT_EVERY):
        _ask(kept, range(1_000, 1_010))
    before = fake_database.reads
    _ask(kept, range(1_000, 1_010))
    assert fake_database.reads == before


def test_an_invalidation_forces_a_new_read(fake_database: _FakeDatabase) -> None:
    kept = ClientVerifier(cast(Database, fake_database))
    _ask(kept, range(1))
    fake_database.feed.apply([Invalidation("client", f"{CLIENT_ID_PREFIX}0", 1, 0)])
    _ask(kept, range(1))
    assert fake_database.reads == 2
