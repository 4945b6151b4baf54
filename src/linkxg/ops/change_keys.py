"""Rotates, retires and replaces the signing keys of an installation."""

import asyncio
import time

from linkxg.db.health import services_connected
from linkxg.identity.tokens import manage_keys
from linkxg.identity.tokens.keys import KeyRecord, KeysError, read_keys
from linkxg.ops.installation import connected, existing_database
from linkxg.ops.reseal import reseal_secrets
from linkxg.runtime.data_dir_lock import exclusive_data_dir
from linkxg.settings import Settings


async def rotate_key(settings: Settings, *, immediately: bool) -> KeyRecord:
    """Add a signing key; with `immediately`, returns once it signs."""
    _require_installation(settings)
    async with connected(settings) as database:
        record = await manage_keys.rotate_keys(
            database, settings.data_dir, settings.token_algorithm, at_once=immediately
        )
    if immediately:
        await asyncio.sleep(max(0.0, record.active_from - time.time()))
    return record


async def retire_key(settings: Settings, kid: str) -> None:
    _require_installation(settings)
    async with connected(settings) as database:
        await manage_keys.retire_key(database, settings.data_dir, kid, settings.token_algorithm)


async def replace_keys(settings: Settings) -> None:
    """Raises KeysError while a service is connected."""
    database = existing_database(settings)
    with exclusive_data_dir(settings.data_dir):
        if count := await database.read_long(services_connected):
            raise KeysError(f"services hold {count} connections to the database: stop every node first")
        await manage_keys.replace_keys(database, settings.data_dir, settings.token_algorithm, reseal_secrets)


def _require_installation(settings: Settings) -> None:
    """Changing keys creates neither the first key nor a database."""
    read_keys(settings.data_dir)
    existing_database(settings)
