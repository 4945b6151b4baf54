"""`linkxg version`."""

import typer

from linkxg import __version__


def version() -> None:
    """Print the version."""
    typer.echo(f"linkxg {__version__}")
