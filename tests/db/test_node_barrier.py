"""A worker that has ended does not delay the revocations of others."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from linkxg.db import Invalidation
from linkxg.db.invalidation_feed import TOKEN
from linkxg.db.node_barrier import NodeBarrier

MESSAGES = 3


def test_no_worker_waits_for_one_that_ended_between_two_messages(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes = [Invalidation(TOKEN, f"token {number}", 0, 0) for number in range(500 * MESSAGES)]
    applied: list[Invalidation] = []

    async def revoke() -> None:
        worker, other = NodeBarrier(tmp_path, applied.extend), NodeBarrier(tmp_path, applied.extend)
        worker.listen()
        other.listen()
        await other.confirm(changes[:1])
        assert applied == changes[:1]
        worker.close()
        await other.confirm(changes)
        other.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(revoke())
    assert caplog.messages == []
