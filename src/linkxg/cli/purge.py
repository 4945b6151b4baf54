"""`linkxg purge`."""

import asyncio

from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json, print_table, progress
from linkxg.ops.installation import existing_database
from linkxg.ops.purge import purge_all


def purge(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Delete expired rows in batches; the service does the same gradually."""
    settings = load_settings(data_dir)
    existing_database(settings)
    with progress("purge") as on_progress:
        deleted = asyncio.run(purge_all(settings, on_progress))
    if as_json:
        print_json(deleted)
    else:
        print_table([*deleted.items(), ("total", sum(deleted.values()))])
