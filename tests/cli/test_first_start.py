"""What the first start creates, and what it refuses in one line."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from conftest import DatabaseFactory, ServerFactory
from harness.databases import SqliteDatabase
from harness.rows import execute, scalar
from harness.server import Server, stderr_messages
from harness.vault import Vault


@pytest.fixture
def server(new_server: ServerFactory) -> Server:
    """On SQLite, not started."""
    return new_server()


def one_line(done: subprocess.CompletedProcess[bytes], code: int) -> str:
    """The single line with which the command failed."""
    assert done.returncode == code, done
    lines = stderr_messages(done)
    assert len(lines) == 1, lines
    assert lines[0].startswith("linkxg: "), lines
    return lines[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_private_keys_and_the_schema(engine: str, fresh_server: ServerFactory) -> None:
    server = fresh_server(engine)
    server.data_dir.rmdir()
    server.start()
    assert mode(server.data_dir) == 0o700
    private = {path.name: 0o700 if path.is_dir() else 0o600 for path in server.data_dir.iterdir()}
    assert {path.name: mode(path) for path in server.data_dir.iterdir()} == private
    kid = server.signing_keys()[0]["kid"]
    assert scalar(server.database, "select count(*) from alembic_version") == "1"
    server.restart()
    assert server.signing_keys()[0]["kid"] == kid, "a second start keeps the keys"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"LINKXG_DATABSE_URL": "sqlite:///x"}, "did you mean LINKXG_DATABASE_URL"),
        ({"LINKXG_TOKEN_ALGORITHM": "none"}, "LINKXG_TOKEN_ALGORITHM"),
        ({"LINKXG_TLS_CERT": "/nowhere/cert.pem"}, "belong together"),
        ({"LINKXG_TLS_CERT": "/nowhere/cert.pem", "LINKXG_TLS_KEY": "/nowhere/key.pem"}, "there is no file"),
        ({"LINKXG_METRICS_TOKEN": "short"}, "at least 16"),
        ({"LINKXG_PUBLIC_URL": "https://a.example/?a=b"}, "query"),
        ({"LINKXG_PUBLIC_URL": "https://a.example?"}, "query"),
        ({"LINKXG_PUBLIC_URL": "https://a.example/#b"}, "fragment"),
        ({"LINKXG_PUBLIC_URL": "https://a.example/linkxg"}, "must not carry a path"),
        ({"LINKXG_PUBLIC_URL": "https://a.example//"}, "must not carry a path"),
        ({"LINKXG_PUBLIC_URL": "https://m\u00fcller.example"}, "xn--mller-kva.example"),
        ({"LINKXG_PUBLIC_URL": "https://someone:unseen@a.example"}, "password"),
        ({"LINKXG_PUBLIC_URL": "https://A.example"}, "lower case"),
        ({"LINKXG_PUBLIC_URL": "https://a.example:443"}, "leave out the port"),
        ({"LINKXG_PUBLIC_URL": "https://a.example:port"}, "malformed"),
        ({"LINKXG_PUBLIC_URL": "https://a b.example"}, "malformed"),
        ({"LINKXG_PUBLIC_URL": "https:///api"}, "path"),
        ({"LINKXG_PUBLIC_URL": "https://"}, "malformed"),
        ({"LINKXG_PUBLIC_URL": "ftp://a.example"}, "https://"),
        ({"LINKXG_TRUSTED_PROXIES": "10.0.0.1/8"}, "LINKXG_TRUSTED_PROXIES"),
        ({"LINKXG_LIMIT_SCALE": "0"}, "above 0"),
        ({"LINKXG_SIGN_UP": "on"}, "off, invited, open"),
        ({"LINKXG_SIGN_UP": "open"}, "LINKXG_SMTP_URL"),
        ({"LINKXG_DATABASE_URL": "postgresql://someone:pass/unseen@127.0.0.1/a"}, "percent-encoded"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_unknown_and_unsafe_settings_stop_the_start(server: Server, settings: dict[str, str], says: str) -> None:
    server.environment |= settings
    line = one_line(server.try_command("serve"), 2)
    assert says in line
    assert "unseen" not in line
    assert not (server.data_dir / "keys.json").exists()


def test_plain_http_beyond_loopback_is_refused(server: Server) -> None:
    assert "refusing plain HTTP" in one_line(server.try_command("serve", "--host", "0.0.0.0"), 2)


@pytest.mark.parametrize("arguments", [["serve", "--port", "0"], ["backup"], ["nothing"]])
def test_wrong_usage_exits_with_2(server: Server, arguments: list[str]) -> None:
    assert server.try_command(*arguments).returncode == 2


def test_a_second_bootstrap_is_refused(engine: str, new_server: ServerFactory) -> None:
    server = new_server(engine)
    server.bootstrap("Acme GmbH")
    arguments = ["bootstrap", "--account", "B", "--owner-email", "b@example.test", "--password-stdin"]
    password = server.vault.password().encode()
    assert "--additional" in one_line(server.try_command(*arguments, stdin=password), 1)
    server.command(*arguments, "--another", stdin=password)
    assert scalar(server.database, "select count(*) from accounts") == "2"


def test_a_bad_password_is_reported_in_one_line(server: Server) -> None:
    arguments = ["bootstrap", "--account", "A", "--owner-email", "b@example.test", "--password-stdin"]
    assert "12 characters" in one_line(server.try_command(*arguments, stdin=b"short\n"), 1)
    assert "standard input" in one_line(server.try_command(*arguments[:-1]), 2)


def test_a_port_in_use_is_reported_in_one_line(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("serve", "demo"):
            line = one_line(server.try_command(command, "--port", port), 1)
            assert "cannot listen" in line
            assert "choose another port with --port" in line


@pytest.mark.parametrize("command", [["serve"], ["audit", "verify"], ["backup", "file"]])
def test_an_unreachable_server_is_reported_in_one_line(server: Server, command: list[str]) -> None:
    server.environment["LINKXG_DATABASE_URL"] = "postgresql://someone:pass-word-unseen@127.0.0.1:1/nowhere"
    line = one_line(server.try_command(*command), 1)
    assert "cannot be reached" in line
    assert "pass-word-unseen" not in line


def test_a_missing_database_is_reported_in_one_line(cluster_server: Server) -> None:
    cluster_server.environment["LINKXG_DATABASE_URL"] += "_absent"
    assert "does not exist" in one_line(cluster_server.try_command("migrate"), 1)


@pytest.fixture
def cluster_server(new_server: ServerFactory) -> Server:
    return new_server("postgres")


def test_an_uncreatable_data_directory_is_reported_in_one_line(server: Server) -> None:
    blocked = server.data_dir.parent / "file"
    blocked.touch()
    for command in ("serve", "purge"):
        done = server.try_command(command, "--data-dir", str(blocked / "data"))
        assert one_line(done, 1)


def test_a_file_that_is_not_a_database_is_reported_in_one_line(new_server: ServerFactory, tmp_path: Path) -> None:
    file = tmp_path / "linkxg.db"
    file.write_bytes(b"not a database " * 100)
    server = new_server(database=SqliteDatabase(file))
    assert "not a database" in one_line(server.try_command("serve"), 1)
    assert file.read_bytes().startswith(b"not a database"), "it is left as it was"


def test_keys_readable_by_others_stop_the_start(server: Server) -> None:
    server.bootstrap("Acme GmbH")
    (server.data_dir / "keys.json").chmod(0o644)
    assert "chmod 600" in one_line(server.try_command("serve", "--port", str(server.port)), 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_created_by_root_belong_to_the_owner_of_the_directory(server: Server) -> None:
    server.bootstrap("Acme GmbH")
    nobody = 65_534
    for path in (server.data_dir, *server.data_dir.iterdir()):
        os.chown(path, nobody, nobody)
    server.command("keys", "rotate")
    file = str(server.data_dir.parent / "a.backup")
    server.command("backup", file)
    server.command("restore", file, "--replace")
    assert {path.name for path in server.data_dir.iterdir() if path.stat().st_uid != nobody} == set()


def test_a_newer_schema_is_refused(engine: str, new_database: DatabaseFactory, new_server: ServerFactory) -> None:
    server = new_server(database=new_database(engine), vault=Vault())
    server.command("migrate")
    execute(server.database, "update alembic_version set version_num = '9999'")
    for command in (["serve", "--port", str(server.port)], ["migrate"]):
        line = one_line(server.try_command(*command), 1)
        assert "9999" in line
        assert "upgrade the program" in line
    assert scalar(server.database, "select version_num from alembic_version") == "9999"
