"""`linkxg migrate`."""

import asyncio

import typer

from linkxg.cli.options import DataDir, load_settings
from linkxg.db.migrations import migrate
from linkxg.ops.installation import prepare_database


def migrate_database(data_dir: DataDir = None) -> None:
    """Migrate the database to the schema of this program."""
    before, after = asyncio.run(migrate(prepare_database(load_settings(data_dir))))
    typer.echo(f"schema {after}" + ("" if before == after else f" (was {before or 'empty'})"))
