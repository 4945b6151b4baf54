"""Prepares an installation for its service: schema and keys, created or brought up to date."""

import asyncio

from linkxg.db.migrations import migrate
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.manage_keys import prepare_keys
from linkxg.ops.installation import connected, prepare_database
from linkxg.settings import Settings


def prepare_installation(settings: Settings) -> None:
    """Raises here, once and in one process, whatever every worker would fail on."""
    asyncio.run(_prepare(settings))
    KeyRing(settings.data_dir)


async def _prepare(settings: Settings) -> None:
    await migrate(prepare_database(settings))
    async with connected(settings) as database:
        # Fails on a directory of node sockets that other users could write to.
        database.join_node()
        await prepare_keys(database, settings.data_dir, settings.token_algorithm)
