"""The entry point of the command `linkxg-client`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; it needs more packages than the library."""
    try:
        from linkxg_client.command.app import run
    except ModuleNotFoundError as missing:
        if missing.name not in {"typer", "rich"}:
            raise
        sys.exit("The command needs more packages: pip install 'linkxg-client[command]'")
    sys.exit(run())
