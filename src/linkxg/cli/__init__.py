"""The `linkxg` command.

Exit codes: 0 done, 1 failed, 2 wrong usage or unusable settings.
"""

import os
import sys
from importlib import import_module

import typer

from linkxg.cli.context import one_line_failures, settings_help
from linkxg.crypto.malloc import use_single_arena
from linkxg.runtime import garbage

# Command → where it is: a function, or the group `app`, of a module of this package.
COMMANDS = {
    "serve": ("serve", "serve"),
    "demo": ("demo", "demo"),
    "bootstrap": ("accounts", "bootstrap"),
    "migrate": ("serve", "migrate_database"),
    "keys": ("keys", "app"),
    "backup": ("backup", "backup"),
    "restore": ("restore", "restore"),
    "copy": ("copy", "copy"),
    "purge": ("purge", "purge"),
    "audit": ("audit", "app"),
    "doctor": ("doctor", "doctor"),
    "version": ("version", "version"),
}


def build(only: str | None = None) -> typer.Typer:
    """The command line: every command, or `only` the one that was asked for, whose modules alone are then loaded."""
    app = typer.Typer(
        name="linkxg",
        help="LinkXG: product data between companies, behind OAuth 2.0 and rotating sessions.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    # Without a callback, a single command would take the place of the group.
    app.callback()(lambda: None)
    for name, (module, member) in COMMANDS.items():
        if only in COMMANDS and name != only:
            continue
        found = getattr(import_module(f"linkxg.cli.{module}"), member)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, epilog=settings_help() if name == "serve" else None)(found)
    return app


def main() -> None:
    # Keys and database are this user's alone, whatever the shell's default is.
    os.umask(0o077)
    use_single_arena()
    garbage.collect_rarely()
    with one_line_failures():
        build(sys.argv[1] if len(sys.argv) > 1 else None)()
