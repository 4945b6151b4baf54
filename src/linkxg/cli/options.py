"""The options that commands share, and the settings of a command."""

import os
from pathlib import Path
from typing import Annotated

import typer

from linkxg.settings import Settings, describe, load

DataDir = Annotated[
    Path | None, typer.Option(help="Directory of keys and embedded database; default: LINKXG_DATA_DIR, else ./data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)]


def load_settings(data_dir: Path | None) -> Settings:
    return load(os.environ, data_dir=data_dir)


def settings_help() -> str:
    """Every setting, for the end of `linkxg serve --help`."""
    from rich.markup import escape

    lines = ["[bold]Settings[/bold] (environment variables):"]
    for name, default, meaning in describe():
        suffix = f" [dim](default {default})[/dim]" if default else ""
        lines.append(f"[cyan]{name}[/cyan]: {escape(meaning)}{suffix}")
    return "\n\n".join(lines)
