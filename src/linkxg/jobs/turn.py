"""How long a job runs while jobs of other accounts wait: then it is released, and continues from its checkpoint."""

import time
from collections.abc import Collection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.jobs.lease_store import is_turn_of_another

TURN_S = 2.0
RESUMPTIONS = 2
"""A turn takes at least this many times what it took to get to the checkpoint: the rows before it are parsed again."""
CHECK_S = 0.5
PATIENCE_MS = 1_500
"""An idle worker would have claimed the waiting job by then."""


class Turn:
    """The turn of an account, from the start of a process to the release of its job."""

    def __init__(self, database: Database, account_id: str, resources: Collection[str]) -> None:
        self._database, self._account_id, self._resources = database, account_id, resources
        self._started = time.monotonic()
        self._next_check: float | None = None

    async def is_over(self) -> bool:
        """Called after each batch that this turn has written: each turn gets the job on, and resets its attempts."""
        now = time.monotonic()
        if self._next_check is None:
            self._next_check = self._started + max(TURN_S, (1 + RESUMPTIONS) * (now - self._started))
        if now < self._next_check:
            return False
        self._next_check = now + CHECK_S
        at = now_ms()
        return await self._database.read_single(
            is_turn_of_another, self._account_id, resources=self._resources, now=at, created_before=at - PATIENCE_MS
        )
