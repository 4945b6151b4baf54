"""Deletes all expired rows at once."""

from linkxg.clock import now_ms
from linkxg.db.copy import ReportProgress
from linkxg.ops.installation import connected
from linkxg.purge import BATCH, PURGES
from linkxg.settings import Settings


async def purge_all(settings: Settings, on_progress: ReportProgress) -> dict[str, int]:
    """Returns the number of deleted rows by table."""
    now = now_ms()
    deleted: dict[str, int] = {}
    async with connected(settings) as database:
        for table, delete in PURGES.items():
            deleted[table] = 0
            while count := await database.write(delete, now=now, limit=BATCH):
                deleted[table] += count
            on_progress(len(deleted), len(PURGES))
    return deleted
