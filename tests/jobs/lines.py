"""Jobs of the kind `lines`, which the service does not know, in a database of a test's server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from harness.people import Account
from harness.world import World
from jobs.counting import KINDS, LetterCheck
from linkxg.audit.model import Actor
from linkxg.db import Database, open_database
from linkxg.jobs.model import JobRow, as_json
from linkxg.jobs.read_job import await_job
from linkxg.jobs.start_job import new_job, start_job
from linkxg.jobs.uploads.append import append_part
from linkxg.jobs.uploads.create_upload import create_upload

WAIT_S = 120.0
Work = Callable[[Database], Awaitable[None]]


class Lines:
    """Jobs of the kind `lines` in one account."""

    def __init__(self, database: Database, account: Account) -> None:
        self.database, self.account_id = database, account.account_id
        owner = account.owner.user_id
        self.actor = Actor("cli", owner, self.account_id, "cli", "test")
        self._starter = as_json(Actor("user", owner, self.account_id, "127.0.0.1", "test").identity)

    def new(self, **options: Any) -> JobRow:
        return new_job(self.actor, "lines", format="ndjson", **options)._replace(actor=self._starter)

    async def start(self, content: bytes, **options: Any) -> JobRow:
        job, check = self.new(**options), LetterCheck()
        return (await start_job(self.database, self.actor, self.account_id, job, check, _parts(content))).value

    async def start_in_parts(self, content: bytes, **options: Any) -> JobRow:
        job = self.new(**options)
        await create_upload(self.database, self.actor, self.account_id, job, len(content))
        await self.append(job, 0, content[:4])
        await self.append(job, 4, content[4:])
        return job

    async def append(self, job: JobRow, offset: int, content: bytes) -> None:
        await append_part(
            self.database, self.actor, self.account_id, job.id, KINDS, offset=offset, size=None, parts=_parts(content)
        )

    async def ended(self, job: JobRow) -> JobRow:
        found = await await_job(self.database, self.account_id, job.id, "lines", WAIT_S, _authorised)
        assert found.finished_at, found
        return found


async def _authorised() -> None:
    """The caller is."""


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content


def with_database(world: World, work: Work) -> None:
    async def opened() -> None:
        database = open_database(world.server.database.url)
        await database.open()
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(opened())
