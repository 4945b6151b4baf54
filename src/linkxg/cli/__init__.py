"""The `linkxg` command.

Exit codes: 0 done, 1 failed, 2 wrong usage or unusable settings.
"""

import os
import sys
from importlib import import_module

import typer

from linkxg.cli.failures import one_line_failures
from linkxg.cli.options import settings_help
from linkxg.crypto.malloc import use_single_arena
from linkxg.runtime import garbage

# Command: module of this package, and in it a function or the group `app`.
COMMANDS = {
    "serve": ("serve", "serve"),
    "demo": ("demo", "demo"),
    "bootstrap": ("bootstrap", "bootstrap"),
    "migrate": ("migrate", "migrate_database"),
    "keys": ("keys", "app"),
    "people": ("people", "app"),
    "backup": ("backup", "backup"),
    "restore": ("restore", "restore"),
    "copy": ("copy", "copy"),
    "purge": ("purge", "purge"),
    "audit": ("audit", "app"),
    "domains": ("domains", "app"),
    "secrets": ("secrets", "app"),
    "doctor": ("doctor", "doctor"),
    "version": ("version", "version"),
}


def build(only: str | None = None) -> typer.Typer:
    """The command line with every command, or with `only` one, so that the modules of the others are not imported."""
    app = typer.Typer(
        name="linkxg",
        help="LinkXG: product data between companies, behind OAuth 2.0 and rotating sessions.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    # Without a callback, typer would make a single command the whole program.
    app.callback()(lambda: None)
    for name, (module, member) in COMMANDS.items():
        if only in COMMANDS and name != only:
            continue
        command = getattr(import_module(f"linkxg.cli.{module}"), member)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name, epilog=settings_help() if name == "serve" else None)(command)
    return app


def main() -> None:
    # Keys and database are readable by this user alone, whatever the shell's umask is.
    os.umask(0o077)
    use_single_arena()
    garbage.collect_rarely()
    with one_line_failures():
        build(sys.argv[1] if len(sys.argv) > 1 else None)()
