"""`linkxg copy`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from linkxg.cli.failures import WRONG_USAGE, fail
from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json, progress
from linkxg.ops.copy import copy_between

FROM, TO = "LINKXG_COPY_FROM", "LINKXG_COPY_TO"
_SCHEMES = ("sqlite:///", "postgresql://")


def copy(
    source: Annotated[
        str, typer.Option("--from", help="Address of the database to copy; its service must be stopped.", envvar=FROM)
    ] = "",
    target: Annotated[
        str, typer.Option("--to", help="Address of an empty database, or of one with an interrupted copy.", envvar=TO)
    ] = "",
    source_file: Annotated[
        Path | None, typer.Option("--from-file", help="File whose first line is the address of the source.")
    ] = None,
    target_file: Annotated[
        Path | None, typer.Option("--to-file", help="File whose first line is the address of the target.")
    ] = None,
    data_dir: DataDir = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="First delete the rows that an interrupted copy left in the target.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy everything to another database, of either engine, and compare every row; tokens and sessions stay valid."""
    for name in (FROM, TO):
        # Options of this command; the settings of the service would reject them as unknown.
        os.environ.pop(name, None)
    settings = load_settings(data_dir)
    source, target = _address("from", source, source_file), _address("to", target, target_file)
    with progress("copy") as on_progress:
        result = copy_between(settings, source, target, restart=restart, on_progress=on_progress)
    if as_json:
        print_json(result._asdict())
        return
    resumed = f", {result.resumed_after:,} of them by an earlier attempt" if result.resumed_after else ""
    typer.echo(f"{sum(result.rows.values()):,} rows copied and compared{resumed}")
    typer.echo(
        "Keep keys.json: tokens, sessions and secrets stay valid with it. Then set LINKXG_DATABASE_URL and start."
    )


def _address(side: str, given: str, file: Path | None) -> str:
    """The address of one side. A file or a variable hides it from other users, who can see arguments."""
    if given and file is not None:
        fail(f"give the address once: --{side}, its environment variable, or --{side}-file", WRONG_USAGE)
    if file is not None:
        given = (file.read_text().splitlines() or [""])[0].strip()
    if not given:
        name = FROM if side == "from" else TO
        fail(f"no address: set {name}, or use --{side}-file or --{side}", WRONG_USAGE)
    if not given.startswith(_SCHEMES):
        fail(f"--{side} is not an address of a database: sqlite:///PATH or postgresql://…")
    return given
