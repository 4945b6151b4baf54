"""Lists the passkeys of a person."""

from linkxg.db import Database
from linkxg.identity.passkeys import store
from linkxg.identity.passkeys.model import Passkey


async def list_own_passkeys(database: Database, account_id: str, user_id: str) -> list[Passkey]:
    """Oldest first."""
    return await database.read_single(store.list_passkeys, account_id, user_id)
