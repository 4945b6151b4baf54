"""`linkxg copy` reads addresses, which may hold passwords, from places that other users of the machine cannot see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from conftest import ServerFactory
from harness.server import Server
from linkxg.cli import build

SECRET = re.compile(r"password|secret|token|--(from|to)$|url", re.IGNORECASE)
NOT_A_SECRET = {"--password-stdin", "--revoke-secrets", "--withdraw-shares", "--from-file", "--to-file"}


@pytest.fixture(scope="module")
def server(new_server: ServerFactory) -> Server:
    made = new_server()
    made.bootstrap("Acme GmbH")
    return made


def test_both_addresses_are_read_from_the_environment(server: Server, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/copy.db"
    done = server.try_command("copy", "--json", LINKXG_COPY_FROM=server.database.url, LINKXG_COPY_TO=target)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]["users"] == 1


def test_both_addresses_are_read_from_files(server: Server, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text(f"{server.database.url}\n")
    target.write_text(f"sqlite:///{tmp_path}/copy.db\n# what follows the first line is not read\n")
    done = server.try_command("copy", "--json", "--from-file", str(source), "--to-file", str(target))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]["users"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, b"LINKXG_COPY_FROM"),
        (("--from", "sqlite:////a/b.db"), 2, b"LINKXG_COPY_TO"),
        (("--from", "sqlite:////a/b.db", "--from-file", "/nowhere", "--to", "sqlite:////c.db"), 2, b"once"),
        (("--from", "sqlite:////a/b.db", "--to-file", "/nowhere/file"), 1, b"/nowhere/file: No such file"),
        (("--from", "mysql://user:hidden-word@h/d", "--to", "sqlite:////c.db"), 1, b"--from is not an address"),
    ],
)
def test_a_missing_address_is_named_in_one_line(
    server: Server, arguments: tuple[str, ...], code: int, says: bytes
) -> None:
    done = server.try_command("copy", *arguments)
    assert (done.returncode, done.stderr.count(b"\n")) == (code, 1)
    assert says in done.stderr
    assert b"hidden-word" not in done.stderr


def options(command: Any) -> Iterator[tuple[str, Any]]:
    for one in getattr(command, "commands", {}).values():
        yield from options(one)
    for parameter in command.params:
        yield from ((name, parameter) for name in parameter.opts)


def test_no_secret_has_to_be_an_argument() -> None:
    found = {
        name
        for name, parameter in options(typer.main.get_command(build()))
        if SECRET.search(name) and name not in NOT_A_SECRET and not parameter.envvar
    }
    assert found == set()
