"""What fails for an operator's fault says why in one line, and shows no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.rows import execute
from conftest import ServerFactory
from faults.conftest import Struck
from harness.databases import PostgresDatabase, SqliteDatabase
from harness.load import seconds_until
from harness.people import sign_in
from harness.postgres import Cluster
from harness.server import Server
from harness.tls import self_signed
from imports.files import IMPORTS

SOON_S = 30.0
HIDDEN = "hidden-word"


def no_traceback(server: Server) -> None:
    assert b"Traceback" not in server.log_text(), server.log_text().decode()


def tells(server: Server, words: str) -> bool:
    """Whether the line of a request gives this reason."""
    return any(words in str(event.get("reason")) for event in server.log_events("request"))


@pytest.fixture(scope="module")
def installed(new_server: ServerFactory) -> Server:
    made = new_server()
    made.data_dir.chmod(0o700)
    made.bootstrap("Acme GmbH")
    return made


def wrong_directory(server: Server, tmp_path: Path) -> dict[str, str]:
    return {"LINKXG_DATA_DIR": str(tmp_path / "elsewhere"), "LINKXG_DATABASE_URL": ""}


def a_file_for_a_directory(server: Server, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "file").touch()
    return {"LINKXG_DATA_DIR": str(tmp_path / "file"), "LINKXG_DATABASE_URL": ""}


def newer_schema(server: Server, tmp_path: Path) -> dict[str, str]:
    copy = Path(shutil.copy(Path(server.database.url.removeprefix("sqlite:///")), tmp_path / "newer.db"))
    other = Server(tmp_path, SqliteDatabase(copy), server.vault)
    execute(other, "update alembic_version set version_num = '9999'")
    return {"LINKXG_DATABASE_URL": f"sqlite:///{copy}"}


FAULTS: dict[str, Callable[[Server, Path], dict[str, str]]] = {
    "wrong directory": wrong_directory,
    "a file for a directory": a_file_for_a_directory,
    "unreachable database": lambda _s, _t: {"LINKXG_DATABASE_URL": f"postgresql://u:{HIDDEN}@127.0.0.1:1/n"},
    "newer schema": newer_schema,
    "bad settings": lambda _s, _t: {"LINKXG_NO_SUCH": "1"},
}
COMMANDS = {
    "serve": ["serve", "--port", "PORT"],
    "bootstrap": ["bootstrap", "--account", "A", "--owner-email", "a@b.example", "--password-stdin"],
    "migrate": ["migrate"],
    "keys list": ["keys", "list"],
    "keys rotate": ["keys", "rotate"],
    "keys retire": ["keys", "retire", "0123456789abcdef"],
    "keys replace": ["keys", "replace"],
    "backup": ["backup", "BACKUP"],
    "restore": ["restore", "BACKUP"],
    "copy": ["copy", "--to", "sqlite:////nowhere/at/all.db"],
    "purge": ["purge"],
    "audit verify": ["audit", "verify"],
    "doctor": ["doctor", "--json"],
}
# What is no fault for these: they make a database where there is none, or need none.
MAKES = {"serve", "bootstrap", "migrate"}
# A newer schema adds to this one, so that nodes of the old version go on while a new one rolls out.
FINE = {"newer schema": {"keys list", "keys rotate", "keys retire", "keys replace", "backup", "purge", "audit verify"}}
# Settings are read by one function: a few commands stand for all.
FEW = {
    "bad settings": {"serve", "backup", "copy", "keys list"},
    "a file for a directory": {"serve", "keys rotate", "backup"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_command_says_in_one_line_what_is_wrong(installed: Server, tmp_path: Path, fault: str) -> None:
    settings = FAULTS[fault](installed, tmp_path)
    for name, command in COMMANDS.items():
        if (fault == "wrong directory" and name in MAKES) or name not in FEW.get(fault, COMMANDS):
            continue
        words = {"PORT": str(installed.port), "BACKUP": str(tmp_path / "b")}
        arguments = [words.get(word, word) for word in command]
        more = ["--from", settings.get("LINKXG_DATABASE_URL") or "sqlite:////nowhere.db"] if name == "copy" else []
        done = installed.try_command(*arguments, *more, stdin=b"a long enough passphrase\n", **settings)
        said = (done.stdout + done.stderr).decode()
        assert "Traceback" not in said, (name, said)
        assert HIDDEN not in said
        if name == "doctor" or (done.returncode == 0 and name in FINE.get(fault, {"keys list"})):
            continue
        assert done.returncode in {1, 2}, (name, said)
        assert done.stderr.startswith(b"linkxg: "), (name, said)
        assert done.stderr.count(b"\n") == 1, (name, said)
    assert not (tmp_path / "elsewhere" / "linkxg.db").exists(), "no command makes an empty database by mistake"


def test_a_wrong_password_is_named_and_not_shown(installed: Server, own_cluster: Cluster) -> None:
    url = own_cluster.new_database()
    own_cluster.query(url, f"create role alice login password '{HIDDEN}1'")
    rules = own_cluster.directory / "data" / "pg_hba.conf"
    rules.write_text("host all alice 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
    own_cluster.query(url, "select pg_reload_conf()")
    wrong = url.replace("postgres@", f"alice:{HIDDEN}2@")
    for command in (["serve", "--port", str(installed.port)], ["migrate"], ["audit", "verify"], ["doctor", "--json"]):
        done = installed.try_command(*command, LINKXG_DATABASE_URL=wrong)
        said = (done.stdout + done.stderr).decode()
        assert "password authentication failed" in said, (command, said)
        assert HIDDEN not in said
        assert "Traceback" not in said


def test_a_certificate_that_does_not_fit_its_key_is_named_at_start_and_at_a_reload(
    new_server: ServerFactory, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = self_signed(tmp_path / "other")
    server = new_server(workers=2, LINKXG_TLS_CERT=str(certificate), LINKXG_TLS_KEY=str(key))
    server.bootstrap("Acme GmbH")
    server.start()
    try:
        shutil.copy(other, key)
        os.kill(server.process.pid, signal.SIGHUP)
        (failed,) = server.wait_for_event("reload.failed", timeout=SOON_S)
        (told,) = server.wait_for_event("start.failed", timeout=SOON_S)
        assert told["pid"] == failed["pid"]
        assert "not the private key of the certificate" in told["reason"]
        assert "old workers" in failed["reason"]
        no_traceback(server)
    finally:
        server.close()
    done = server.try_command("serve", "--port", str(server.port))
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
    assert b"not the private key of the certificate" in done.stderr


def test_the_process_of_an_import_says_in_one_line_that_the_database_is_gone(
    own_cluster: Cluster, struck: Struck
) -> None:
    world = struck("postgres", database=PostgresDatabase(own_cluster, own_cluster.new_database()))
    owner = sign_in(world.api, world.account.owner)
    rows = "".join(f"A-{number},Bolt {number}\n" for number in range(60_000))
    world.api.post(
        IMPORTS, bearer=owner.access, content=f"sku,name\n{rows}".encode(), headers={"Content-Type": "text/csv"}
    ).expect(202)
    world.server.wait_for_event("import.started", timeout=SOON_S)
    own_cluster.crash()
    seconds_until(
        lambda: bool(world.server.log_events("import.interrupted") or world.server.log_events("import.released")),
        within=SOON_S,
    )
    own_cluster.start()
    no_traceback(world.server)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, if this user may make one."""
    point = tmp_path / "disk"
    point.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(point)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield point
    subprocess.run(["umount", "--lazy", str(point)], check=True)


def test_a_disk_that_takes_no_writes_is_named_and_the_node_is_not_ready(
    small_disk: Path, new_server: ServerFactory
) -> None:
    server = new_server(database=SqliteDatabase(small_disk / "linkxg.db"))
    server.data_dir.chmod(0o700)
    server.bootstrap("Acme GmbH")
    server.start()
    client = server.client()
    try:
        client.get("//readyz").expect(200)
        remount = ["mount", "-o", "remount,ro", str(small_disk)]
        if subprocess.run(remount, capture_output=True, check=False).returncode == 0:
            client.get("//readyz", allow_503=True).expect(503, "temporarily_unavailable")
            subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        with (small_disk / "filler").open("wb", buffering=0) as stream:
            size = 65_536
            while size:
                try:
                    stream.write(b"\0" * size)
                except OSError:
                    size //= 2
        client.get("//readyz", allow_503=True).expect(503, "temporarily_unavailable")
        seconds_until(lambda: tells(server, "is full"), within=SOON_S)
        (small_disk / "filler").unlink()
        client.get("//readyz").expect(200)
    finally:
        client.close()
        server.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    findings = json.loads(server.try_command("doctor", "--json", "--port", str(server.port)).stdout)
    wrong = [finding for finding in findings if finding["level"] == "problem"]
    assert any("read-only" in finding["says"] for finding in wrong)
    assert not any("linkxg restore" in finding["do"] for finding in wrong), "nothing is damaged"


def test_a_missing_synchronous_standby_is_named(own_cluster: Cluster, struck: Struck) -> None:
    # Made before: to make a database is a commit as well.
    database, empty = PostgresDatabase(own_cluster, own_cluster.new_database()), own_cluster.new_database()
    world = struck("postgres", database=database)
    world.api.get("//readyz").expect(200)
    own_cluster.query(database.url, "alter system set synchronous_standby_names = 'ANY 1 (*)'")
    own_cluster.query(database.url, "select pg_reload_conf()")
    try:
        seconds_until(lambda: world.api.get("//readyz", allow_503=True).status == 503, within=SOON_S)
        seconds_until(lambda: tells(world.server, "synchronous standby"), within=SOON_S)
        findings = json.loads(world.server.try_command("doctor", "--json", "--port", str(world.server.port)).stdout)
        assert "synchronous standby" in next(one["says"] for one in findings if one["check"] == "database")
        done = world.server.try_command("migrate")
        assert done.returncode == 0, "nothing to write, nothing to wait for"
        done = world.server.try_command("migrate", LINKXG_DATABASE_URL=empty)
        assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
        assert b"synchronous standby" in done.stderr
    finally:
        own_cluster.query(database.url, "alter system reset synchronous_standby_names")
        own_cluster.query(database.url, "select pg_reload_conf()")
