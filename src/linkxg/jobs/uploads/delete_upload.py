"""Deletes an upload that came to nothing.

In small steps: a large file deleted at once would hold up every other writer. Whatever is left when this ends early is
an upload that was given up, which housekeeping deletes.
"""

from linkxg.db import Database
from linkxg.jobs import store


async def discard_upload(database: Database, account_id: str, job_id: str) -> None:
    """Of a job that is no import yet, and never will be."""
    while not await database.write(store.delete_upload, account_id, job_id):
        pass
