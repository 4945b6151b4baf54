"""Files that the program creates beside its data are not written through planted links (security rule L13; CWE-59)."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from conftest import ServerFactory
from harness.server import Server, stderr_messages

CONTENT = b"somebody else's file\n"
OTHER_MODE = 0o644
KINDS = ("symbolic link", "dangling link", "hard link")

Arguments = Callable[[Server, Path], list[str]]
COMMANDS: dict[str, tuple[Arguments, Callable[[Server, Path], Path]]] = {
    "backup": (lambda _, out: ["backup", str(out / "b")], lambda _, out: out / "b.partial"),
    "backup --force": (lambda _, out: ["backup", str(out / "b"), "--force"], lambda _, out: out / "b"),
    "backup's journal": (lambda _, out: ["backup", str(out / "b")], lambda _, out: out / "b.partial-journal"),
    "keys rotate": (lambda _s, _o: ["keys", "rotate"], lambda server, _: server.data_dir / ".keys.lock"),
    "purge": (lambda _s, _o: ["purge"], lambda server, _: database(server).with_name("linkxg.db-turn")),
    "keys replace": (lambda _s, _o: ["keys", "replace"], lambda server, _: server.data_dir / ".service.lock"),
    "migrate": (lambda _s, _o: ["migrate"], lambda server, _: database(server).with_name("linkxg.db-turn")),
    "serve": (
        lambda server, _: ["serve", "--port", str(server.port)],
        lambda server, _: server.data_dir / ".keys.lock",
    ),
    "copy": (
        lambda server, out: ["copy", "--from", server.database.url, "--to", f"sqlite:///{out}/copy.db"],
        lambda _, out: out / "copy.db-turn",
    ),
    "restore": (
        lambda _, out: ["restore", str(out / "good"), "--replace"],
        lambda server, _: server.data_dir / ".restore-planted",
    ),
}


def database(server: Server) -> Path:
    return Path(server.database.url.removeprefix("sqlite:///"))


def plant(kind: str, at: Path, victim: Path) -> None:
    at.unlink(missing_ok=True)
    if kind == "hard link":
        os.link(victim, at)
    else:
        at.symlink_to(victim if kind == "symbolic link" else victim.with_name("absent"))


@pytest.fixture(scope="module")
def server(new_server: ServerFactory) -> Server:
    """On SQLite, with an account, not started. Every test takes away what it has planted."""
    made = new_server()
    made.data_dir.chmod(0o700)
    made.bootstrap("Acme GmbH")
    return made


# Every command with one kind of link, and all kinds where a stranger may most easily plant one.
CASES = [(command, KINDS if command == "backup" else (KINDS[number % 3],)) for number, command in enumerate(COMMANDS)]


@pytest.mark.parametrize(("command", "kinds"), CASES, ids=COMMANDS)
def test_a_planted_link_is_not_followed(server: Server, tmp_path: Path, command: str, kinds: tuple[str, ...]) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    victim = elsewhere / "victim"
    victim.write_bytes(CONTENT)
    victim.chmod(OTHER_MODE)
    if command == "restore":
        server.command("backup", str(out / "good"))
    arguments, path = COMMANDS[command]
    before = victim.stat()
    for kind in kinds:
        plant(kind, path(server, out), victim)
        done = server.try_command(*arguments(server, out))
        after = victim.stat()
        assert victim.read_bytes() == CONTENT, kind
        assert (after.st_mode, after.st_uid, after.st_ino) == (before.st_mode, before.st_uid, before.st_ino), kind
        assert list(elsewhere.iterdir()) == [victim], "nothing is made where a dangling link leads"
        assert done.returncode in {0, 1}
        assert command != "backup" or b"b.partial is a " in done.stderr, "a backup names what is in its way"
        if done.returncode:
            (line,) = stderr_messages(done)
            assert line.startswith("linkxg: ")
            path(server, out).unlink(missing_ok=True)
        for made in out.glob("copy.db*"):
            made.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of other users")
def test_a_backup_refuses_the_partial_file_of_another_user(server: Server, tmp_path: Path) -> None:
    planted = tmp_path / "b.partial"
    planted.touch(0o666)
    os.chown(planted, 65_534, 65_534)
    done = server.try_command("backup", str(tmp_path / "b"))
    assert (done.returncode, planted.stat().st_size) == (1, 0)
    assert b"belongs to user 65534" in done.stderr


def test_a_database_is_not_made_where_a_dangling_link_leads(server: Server, tmp_path: Path) -> None:
    (tmp_path / "copy.db").symlink_to(tmp_path / "absent")
    done = server.try_command("copy", "--from", server.database.url, "--to", f"sqlite:///{tmp_path}/copy.db")
    assert done.returncode == 1
    assert b"is a symbolic link" in done.stderr
    assert not (tmp_path / "absent").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for another user")
def test_files_created_by_root_belong_to_the_service(new_server: ServerFactory) -> None:
    server = new_server()
    os.chown(server.data_dir, 65_534, 65_534)
    database(server).unlink(missing_ok=True)
    os.chown(database(server).parent, 65_534, 65_534)
    server.bootstrap("Acme GmbH")
    owners = {file.stat().st_uid for file in [*server.data_dir.iterdir(), *database(server).parent.glob("linkxg.db*")]}
    assert owners == {65_534}


JOURNALS = ("-wal", "-journal", "-shm")


def wal_of_another_database(backup: Path, scratch: Path) -> bytes:
    """A write-ahead log that holds every page of `backup`, as an attacker makes it of a backup of their own."""
    shutil.copy(backup, scratch)
    connection = sqlite3.connect(scratch, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("vacuum")
    content = scratch.with_name(scratch.name + "-wal").read_bytes()
    connection.close()
    return content


@pytest.mark.parametrize("suffix", JOURNALS)
def test_a_restore_ignores_files_beside_the_backup(
    server: Server, new_server: ServerFactory, tmp_path: Path, suffix: str
) -> None:
    backup, own, beside = tmp_path / "good", tmp_path / "own", tmp_path / f"good{suffix}"
    server.command("backup", str(backup))
    attacker = new_server("sqlite")
    attacker.bootstrap("Attacker GmbH")
    attacker.command("backup", str(own))
    before = backup.read_bytes()
    beside.write_bytes(wal_of_another_database(own, tmp_path / "scratch"))
    planted = beside.read_bytes()
    done = server.try_command("restore", str(backup), "--replace")
    (line,) = stderr_messages(done)
    assert (done.returncode, f"{beside} is not part of a backup" in line) == (1, True)
    assert (backup.read_bytes(), beside.read_bytes()) == (before, planted)
    beside.unlink()
    server.command("restore", str(backup), "--replace")
    assert backup.read_bytes() == before
    with closing(sqlite3.connect(database(server))) as connection:
        assert connection.execute("select name from accounts").fetchall() == [("Acme GmbH",)]


def plant_of_another_user(at: Path) -> None:
    at.write_bytes(CONTENT)
    os.chown(at, 65_534, 65_534)


def test_a_restore_does_not_follow_a_link(server: Server, tmp_path: Path) -> None:
    server.command("backup", str(tmp_path / "good"))
    (tmp_path / "link").symlink_to(tmp_path / "good")
    done = server.try_command("restore", str(tmp_path / "link"), "--replace")
    assert (done.returncode, b"is a symbolic link" in done.stderr) == (1, True)


@pytest.mark.parametrize("suffix", JOURNALS)
def test_a_database_is_not_opened_with_a_planted_journal(
    new_server: ServerFactory, tmp_path: Path, suffix: str
) -> None:
    server = new_server("sqlite")
    server.data_dir.chmod(0o700)
    server.bootstrap("Acme GmbH")
    beside = database(server).with_name(database(server).name + suffix)
    (tmp_path / "planted").write_bytes(CONTENT)
    plants: list[Callable[[], None]] = [
        lambda: beside.symlink_to(tmp_path / "planted"),
        lambda: os.link(tmp_path / "planted", beside),
    ]
    if os.geteuid() == 0:
        plants.append(lambda: plant_of_another_user(beside))
    copy = ["copy", "--from", server.database.url, "--to", f"sqlite:///{tmp_path}/copy.db"]
    for plant_it in plants:
        beside.unlink(missing_ok=True)
        plant_it()
        for command in (["doctor"], ["purge"], copy, ["serve", "--port", str(server.port)]):
            done = server.try_command(*command)
            assert done.returncode == 1, command
            assert str(beside).encode() in done.stdout + done.stderr, command
        assert (tmp_path / "planted").read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["symbolic link", "dangling link", "another user's"])
def test_keys_are_not_read_through_a_link_or_from_another_user(
    new_server: ServerFactory, tmp_path: Path, kind: str
) -> None:
    server = new_server("sqlite")
    server.data_dir.chmod(0o700)
    server.bootstrap("Acme GmbH")
    server.command("keys", "rotate")
    keys, elsewhere = server.data_dir / "keys.json", tmp_path / "keys.json"
    if kind == "another user's":
        if os.geteuid() != 0:
            pytest.skip("only root can make files of other users")
        os.chown(keys, 65_534, 65_534)
    else:
        shutil.move(keys, elsewhere)
        plant(kind, keys, elsewhere)
    for command in (["serve", "--port", str(server.port)], ["keys", "list"], ["keys", "rotate"], ["doctor"]):
        done = server.try_command(*command)
        assert done.returncode == 1, command
        words = b"belongs to" if kind == "another user's" else b"is a symbolic link"
        assert words in done.stdout + done.stderr, command
