"""`linkxg backup FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json, progress
from linkxg.clock import rfc3339
from linkxg.ops.backup import write_backup_file
from linkxg.ops.installation import existing_database

KEYS_NOT_INCLUDED = (
    "The backup does not contain the signing keys. A restore needs no copy of keys.json: it creates new keys."
)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write: a SQLite database for either engine.")],
    data_dir: DataDir = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a consistent copy of the database to one file; the service may keep running."""
    database = existing_database(load_settings(data_dir))
    with progress(f"backup to {file}") as on_progress:
        label = write_backup_file(database, file, replace=force, on_progress=on_progress)
    made_at, size = rfc3339(label.made_at), file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size, "made_at": made_at, "engine": label.engine})
    else:
        typer.echo(f"backup of {made_at} in {file}, {size:,} bytes\n{KEYS_NOT_INCLUDED}")
