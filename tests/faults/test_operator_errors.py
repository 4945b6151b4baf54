"""Operator errors are reported in one line without a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory, running_cluster
from faults.conftest import NewWorld
from harness.concurrency import seconds_until
from harness.databases import PostgresDatabase, SqliteDatabase
from harness.people import sign_in
from harness.postgres import Cluster
from harness.server import Server, stderr_messages
from harness.tls import self_signed
from imports.files import IMPORTS

SOON_S = 30.0
HIDDEN = "hidden-word"


def assert_no_traceback(server: Server) -> None:
    assert b"Traceback" not in server.log_text(), server.log_text().decode()


def reasons(server: Server, request_id: str | None) -> list[str]:
    """What the log line of one request gives as its reason."""
    return [str(event.get("reason")) for event in server.log_events("request") if event["request_id"] == request_id]


def logs_reason(server: Server, words: str) -> bool:
    """Whether the line of a request gives this reason."""
    return any(words in str(event.get("reason")) for event in server.log_events("request"))


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL that these tests may crash, one after the other."""
    yield from running_cluster()


@pytest.fixture(scope="module")
def installed(new_server: ServerFactory) -> Server:
    made = new_server()
    made.data_dir.chmod(0o700)
    return made


def test_a_wrong_password_is_named_and_not_shown(installed: Server, own_cluster: Cluster) -> None:
    url = own_cluster.new_database()
    own_cluster.query(url, f"create role alice login password '{HIDDEN}1'")
    rules = own_cluster.directory / "data" / "pg_hba.conf"
    rules.write_text("host all alice 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
    own_cluster.query(url, "select pg_reload_conf()")
    wrong = url.replace("postgres@", f"alice:{HIDDEN}2@")
    commands = (["serve", "--port", str(installed.port)], ["migrate"], ["audit", "verify"], ["doctor", "--json"])
    for command in commands:
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
    server.start()
    try:
        shutil.copy(other, key)
        os.kill(server.process.pid, signal.SIGHUP)
        (failed,) = server.wait_for_event("reload.failed", timeout=SOON_S)
        assert "not the private key of the certificate" in failed["reason"]
        assert_no_traceback(server)
    finally:
        server.close()
    done = server.try_command("serve", "--port", str(server.port))
    (line,) = stderr_messages(done)
    assert "not the private key of the certificate" in line
    assert done.returncode == 2


def test_the_process_of_an_import_says_in_one_line_that_the_database_is_gone(
    own_cluster: Cluster, new_world: NewWorld
) -> None:
    world = new_world("postgres", database=PostgresDatabase(own_cluster, own_cluster.new_database()))
    owner = sign_in(world.api, world.account.owner)
    rows = "".join(f"A-{number},Bolt {number}\n" for number in range(30_000))
    world.api.post(
        IMPORTS, bearer=owner.access, content=f"sku,name\n{rows}".encode(), headers={"Content-Type": "text/csv"}
    ).expect(202)
    world.server.wait_for_event("import.started", timeout=SOON_S)
    own_cluster.crash()
    ended = {"import.interrupted", "import.released"}
    seconds_until(lambda: any(world.server.log_events(event) for event in ended), within=SOON_S)
    (event,) = [event for event in world.server.log_events() if event.get("event") in ended]
    assert re.search("connect|terminat|shut", event["reason"], re.IGNORECASE), event
    own_cluster.start()
    assert_no_traceback(world.server)


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


def test_an_unwritable_disk_is_named_and_the_node_is_not_ready(small_disk: Path, new_server: ServerFactory) -> None:
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
        seconds_until(lambda: logs_reason(server, "is full"), within=SOON_S)
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


def test_a_missing_synchronous_standby_is_named(own_cluster: Cluster, new_world: NewWorld) -> None:
    # Made before: to make a database is a commit as well.
    database, empty = PostgresDatabase(own_cluster, own_cluster.new_database()), own_cluster.new_database()
    world = new_world("postgres", database=database)
    owner = sign_in(world.api, world.account.owner)
    own_cluster.query(database.url, "alter system set synchronous_standby_names = 'ANY 1 (*)'")
    own_cluster.query(database.url, "select pg_reload_conf()")
    try:
        # The write is asked for first, so that no other request has found the standby missing.
        wanted = {"client_name": "ERP", "scope": "products:read"}
        written = world.api.post("/oauth/clients", json=wanted, bearer=owner.access, allow_503=True)
        written.expect(503, "temporarily_unavailable")
        request_id = written.header("x-request-id")
        seconds_until(lambda: reasons(world.server, request_id) != [], within=SOON_S)
        assert "synchronous standby" in reasons(world.server, request_id)[0]
        assert world.api.get("//readyz", allow_503=True).status == 503
        doctor = world.server.try_command("doctor", "--json", "--port", str(world.server.port))
        done = world.server.try_command("migrate")
        findings = json.loads(doctor.stdout)
        assert "synchronous standby" in next(one["says"] for one in findings if one["check"] == "database")
        assert done.returncode == 0, "nothing to write, nothing to wait for"
        done = world.server.try_command("migrate", LINKXG_DATABASE_URL=empty)
        assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
        assert b"synchronous standby" in done.stderr
    finally:
        own_cluster.query(database.url, "alter system reset synchronous_standby_names")
        own_cluster.query(database.url, "select pg_reload_conf()")
