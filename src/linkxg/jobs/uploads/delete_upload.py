"""Deletes a failed upload in small steps: a large file deleted at once would block every other writer.

If this ends early, the rest is an abandoned upload, which `linkxg.purge` deletes.
"""

from linkxg.db import Database
from linkxg.jobs import store


async def discard_upload(database: Database, account_id: str, job_id: str) -> None:
    while not await database.write(store.delete_upload, account_id, job_id):
        pass
