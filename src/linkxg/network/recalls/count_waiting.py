"""Counts what waits for an answer of an account."""

from linkxg.db import Database
from linkxg.network.recalls import waiting_store
from linkxg.network.recalls.waiting_model import Waiting


async def count_waiting(database: Database, account_id: str) -> Waiting:
    return await database.read_single(waiting_store.count_waiting, account_id)
