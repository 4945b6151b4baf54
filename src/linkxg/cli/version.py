"""`linkxg version`."""

from linkxg import __version__
from linkxg.cli.context import tell


def version() -> None:
    """Print the version."""
    tell(f"linkxg {__version__}")
