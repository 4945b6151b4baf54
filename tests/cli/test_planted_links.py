"""Files that the program makes beside data are not written through links that somebody planted there (CWE-59)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ServerFactory
from harness.server import Server, lines_for_people

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
            (line,) = lines_for_people(done)
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
def test_what_root_makes_in_the_directory_of_the_service_belongs_to_the_service(new_server: ServerFactory) -> None:
    server = new_server()
    os.chown(server.data_dir, 65_534, 65_534)
    database(server).unlink(missing_ok=True)
    os.chown(database(server).parent, 65_534, 65_534)
    server.bootstrap("Acme GmbH")
    owners = {file.stat().st_uid for file in [*server.data_dir.iterdir(), *database(server).parent.glob("linkxg.db*")]}
    assert owners == {65_534}
