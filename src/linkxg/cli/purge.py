"""`linkxg purge`."""

from linkxg.cli.context import (
    AsJson,
    DataDir,
    connected,
    existing_database,
    load_settings,
    progress,
    run,
    tell_json,
    tell_table,
)
from linkxg.clock import now_ms
from linkxg.db.copy import ReportProgress
from linkxg.purge import BATCH, PURGES
from linkxg.settings import Settings


def purge(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Delete expired rows in batches; the service does the same gradually."""
    settings = load_settings(data_dir)
    existing_database(settings)
    with progress("purge") as on_progress:
        deleted = run(_purge(settings, on_progress))
    if as_json:
        tell_json(deleted)
    else:
        tell_table([*deleted.items(), ("total", sum(deleted.values()))])


async def _purge(settings: Settings, on_progress: ReportProgress) -> dict[str, int]:
    """Rows deleted per table."""
    now = now_ms()
    deleted: dict[str, int] = {}
    async with connected(settings) as database:
        for table, delete in PURGES.items():
            deleted[table] = 0
            while count := await database.write(delete, now=now, limit=BATCH):
                deleted[table] += count
            on_progress(len(deleted), len(PURGES))
    return deleted
