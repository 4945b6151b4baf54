"""Every command on every operator error: one line, the documented exit code, no traceback, and no file created."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import ServerFactory
from harness.databases import SqliteDatabase
from harness.preloaded import BOUND_BY_MODES, Command, Preloaded
from harness.rows import execute
from harness.server import Server, stderr_messages

HIDDEN = "hidden-word"
NOBODY = 65_534
COMMANDS = {
    "serve": ["serve", "--port", "PORT"],
    "bootstrap": ["bootstrap", "--account", "A", "--owner-email", "a@b.example", "--password-stdin"],
    "migrate": ["migrate"],
    "keys list": ["keys", "list"],
    "keys rotate": ["keys", "rotate"],
    "keys retire": ["keys", "retire", "0123456789abcdef"],
    "keys replace": ["keys", "replace"],
    "backup": ["backup", "ROOT/b"],
    "restore": ["restore", "ROOT/b"],
    "copy": ["copy", "--from", "FROM", "--to", "sqlite:////nowhere/at/all.db"],
    "purge": ["purge"],
    "audit verify": ["audit", "verify"],
    "doctor": ["doctor", "--json", "--port", "PORT"],
}


class Fault(NamedTuple):
    """`fine` are the commands that it does not concern: they are left out."""

    settings: dict[str, str]
    fine: frozenset[str] = frozenset()
    code: int = 1


@pytest.fixture(scope="module")
def installed(new_server: ServerFactory) -> Server:
    """With everything in the data directory, as a first start makes it."""
    server = new_server()
    server.data_dir.chmod(0o700)
    server.environment["LINKXG_DATABASE_URL"] = ""
    server.bootstrap("Acme GmbH")
    return server


def in_directory(path: Path) -> dict[str, str]:
    return {"LINKXG_DATA_DIR": str(path), "LINKXG_DATABASE_URL": ""}


def wrong_directory(server: Server, root: Path) -> Fault:
    """Three commands make a database there, and the doctor says that there is none yet."""
    return Fault(in_directory(root / "elsewhere"), frozenset({"serve", "bootstrap", "migrate", "doctor"}))


def file_for_a_directory(server: Server, root: Path) -> Fault:
    (root / "file").touch()
    return Fault(in_directory(root / "file"))


def unreachable_database(server: Server, root: Path) -> Fault:
    return Fault({"LINKXG_DATABASE_URL": f"postgresql://u:{HIDDEN}@127.0.0.1:1/n"}, frozenset({"keys list"}))


def newer_schema(server: Server, root: Path) -> Fault:
    """It adds to this one, so that nodes of the old version go on while a new one rolls out."""
    directory = copied(server, root)
    other = Server(root, SqliteDatabase(directory / "linkxg.db"), server.vault)
    execute(other.database, "update alembic_version set version_num = '9999'")
    fine = {"keys list", "keys rotate", "keys retire", "keys replace", "backup", "purge", "audit verify"}
    return Fault(in_directory(directory), frozenset(fine))


def bad_settings(server: Server, root: Path) -> Fault:
    return Fault({"LINKXG_NO_SUCH": "1"}, code=2)


def unreadable_directory(server: Server, root: Path) -> Fault:
    """It belongs to another user."""
    directory = copied(server, root)
    for path in (*directory.iterdir(), directory):
        os.chown(path, NOBODY, NOBODY)
    return Fault(in_directory(directory))


def unwritable_directory(server: Server, root: Path) -> Fault:
    directory = copied(server, root)
    directory.chmod(0o500)
    return Fault(in_directory(directory), frozenset({"keys list"}))


def copied(server: Server, root: Path) -> Path:
    return Path(shutil.copytree(server.data_dir, root / "data"))


FAULTS = (wrong_directory, file_for_a_directory, unreachable_database, newer_schema, bad_settings)
FAULTS_OF_MODES = (unreadable_directory, unwritable_directory)
Run = Callable[[Sequence[Callable[[Server, Path], Fault]], Sequence[str]], None]


@pytest.fixture
def run(installed: Server, tmp_path: Path) -> Run:
    """Runs every command on each of the faults and looks at how it fails."""

    def run_all(makers: Sequence[Callable[[Server, Path], Fault]], prefix: Sequence[str]) -> None:
        faults = {make.__name__: make(installed, made(tmp_path / make.__name__)) for make in makers}
        before = tree(tmp_path)
        cases = [
            (fault, name, command(installed, tmp_path / title, fault, name))
            for title, fault in faults.items()
            for name in COMMANDS
            if name not in fault.fine
        ]
        with closing(Preloaded(prefix)) as preloaded:
            results = [preloaded.run(case, b"a long enough passphrase\n") for _, _, case in cases]
        wrong = [
            (case["arguments"], case["environment"]["LINKXG_DATA_DIR"], why, done.returncode, done.stdout, done.stderr)
            for (fault, name, case), done in zip(cases, results, strict=True)
            if (why := misbehaviour(fault, name, done))
        ]
        assert wrong == []
        assert tree(tmp_path) == before, "nothing was made"

    return run_all


def tree(directory: Path) -> set[Path]:
    """All paths but lock files in a data directory, which are empty and may stay."""
    return {path for path in directory.rglob("*") if path.name != ".service.lock"}


def made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def command(server: Server, root: Path, fault: Fault, name: str) -> Command:
    url = fault.settings.get("LINKXG_DATABASE_URL") or f"sqlite:///{root}/nowhere.db"
    words = {"PORT": str(server.port), "ROOT/b": str(root / "b"), "FROM": url}
    return Command(
        arguments=[words.get(word, word) for word in COMMANDS[name]],
        environment=server.environment | fault.settings,
        directory=str(root),
    )


def misbehaviour(fault: Fault, name: str, done: subprocess.CompletedProcess[bytes]) -> str:
    """What is wrong about how a command failed; empty if nothing is."""
    said = (done.stdout + done.stderr).decode()
    if "Traceback" in said or HIDDEN in said:
        return "a traceback or a password"
    if name == "doctor":
        found = json.loads(done.stdout or "[]")
        fine = done.returncode == 1 and any(finding["level"] == "problem" for finding in found)
        return "" if fine else "no problem found"
    if done.returncode != fault.code:
        return "exit code"
    lines = stderr_messages(done)
    return "" if len(lines) == 1 and lines[0].startswith("linkxg: ") else "not one line"


def test_a_failing_command_says_why_in_one_line_and_makes_nothing(run: Run) -> None:
    run(FAULTS, ())


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_a_directory_without_permission_is_named_in_one_line_and_nothing_is_made(run: Run) -> None:
    run(FAULTS_OF_MODES, BOUND_BY_MODES)
