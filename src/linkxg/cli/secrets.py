"""`linkxg secrets scan`.

Checksums are verified. No credential is printed: the last four characters tell them apart. Symbolic links inside a
directory are not followed, and archives are not opened.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from linkxg.cli.failures import FAILED
from linkxg.cli.options import AsJson
from linkxg.cli.output import print_json
from linkxg.crypto.find_secrets import FoundSecret, find_secrets

app = typer.Typer(help="Find credentials of LinkXG where they should not be.", no_args_is_help=True)
app.callback()(lambda: None)
_STANDARD_INPUT = Path("-")


@app.command()
def scan(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATHS", help="Files and directories; - reads standard input.")
    ],
    as_json: AsJson = False,
) -> None:
    """Find credentials in files, without a network; exit code 1 if there are any, or if a file cannot be read."""
    found: list[tuple[str, FoundSecret]] = []
    unread = 0
    for path in (file for given in paths for file in _files(given)):
        name = _printable(path)
        try:
            with _open(path) as file:
                for one in find_secrets(file):
                    found.append((name, one))
                    if not as_json:
                        typer.echo(f"{name}:{one.line}:{one.column}: {one.kind} {one.hint}")
        except OSError as error:
            unread += 1
            typer.echo(f"linkxg: {name}: {error.strerror}", err=True)
    if as_json:
        print_json([{"path": name, **one._asdict()} for name, one in found])
    if found:
        typer.echo("Revoke or rotate what was found first: whoever has read it can use it. Then remove it.", err=True)
    if found or unread:
        raise SystemExit(FAILED)


def _files(path: Path) -> Iterator[Path]:
    """The regular files of a directory, in the order of their names; or the path itself."""
    if path == _STANDARD_INPUT or not path.is_dir():
        yield path
        return

    def refuse(error: OSError) -> None:
        raise error

    for directory, subdirectories, names in os.walk(path, onerror=refuse):
        subdirectories.sort()
        for name in sorted(names):
            file = Path(directory, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _open(path: Path) -> "BinaryIO | nullcontext[BinaryIO]":
    return nullcontext(sys.stdin.buffer) if path == _STANDARD_INPUT else path.open("rb")


def _printable(path: Path) -> str:
    """The name without control characters, whatever bytes it has."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
