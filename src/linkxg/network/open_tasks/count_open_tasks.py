"""Counts the open tasks of an account."""

from linkxg.db import Database
from linkxg.network.open_tasks import store
from linkxg.network.open_tasks.model import OpenTasks


async def count_open_tasks(database: Database, account_id: str) -> OpenTasks:
    return await database.read_single(store.count_open_tasks, account_id)
