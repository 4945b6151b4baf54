"""The doctor finds what is wrong, and only that."""

from __future__ import annotations

import datetime
import json
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conftest import ServerFactory
from harness.databases import PostgresDatabase
from harness.processes import free_port
from harness.rows import execute
from harness.secret_scanner import SecretScanner
from harness.server import Server, stderr_messages
from harness.smtp_sink import SmtpSink
from linkxg.http.client_ip import refuse_plain_http
from linkxg.ops.doctor import files, machine
from linkxg.ops.doctor.findings import Finding
from linkxg.ops.doctor.machine import Instant, check_clock, check_descriptors
from linkxg.settings import load

Findings = dict[str, list[dict[str, str]]]


def examine(server: Server, *options: str, code: int) -> Findings:
    """The findings by check."""
    arguments = ["doctor", "--json", "--port", str(server.port), *options]
    found: Findings = {}
    for finding in json.loads(server.command(*arguments, expect=code)):
        assert bool(finding["do"]) == (finding["level"] != "ok"), finding
        found.setdefault(finding["check"], []).append(finding)
    return found


def problems(found: Findings) -> list[str]:
    return sorted({check for check, ones in found.items() for one in ones if one["level"] == "problem"})


@pytest.fixture
def server(new_server: ServerFactory) -> Server:
    """On SQLite, with an account, not started."""
    return private(new_server())


def private(server: Server) -> Server:
    """With an account, in a directory as the program itself would make it."""
    server.data_dir.chmod(0o700)
    server.bootstrap("Acme GmbH")
    return server


def test_a_healthy_service_is_found_healthy(engine: str, fresh_server: ServerFactory) -> None:
    server = private(fresh_server(engine))
    found = examine(server, code=0)
    assert {one["level"] for ones in found.values() for one in ones} == {"ok"}
    assert "is free" in found["address"][0]["says"]
    assert ("clock of the database" in found) == (engine == "postgres")
    server.start()
    assert "the service answers" in examine(server, code=0)["address"][0]["says"]
    text = server.command("doctor", "--port", str(server.port)).decode()
    assert "database: " in text


def test_a_machine_before_its_first_start_has_no_problem(new_server: ServerFactory) -> None:
    server = new_server()
    server.data_dir.rmdir()
    found = examine(server, code=0)
    assert {check for check, ones in found.items() if ones[0]["level"] == "warning"} == {
        "data directory", "keys", "database",
    }  # fmt: skip
    assert not server.data_dir.exists(), "looking makes nothing"


def test_open_files_and_wrong_settings_are_found(server: Server) -> None:
    (server.data_dir / "keys.json").chmod(0o644)
    server.data_dir.chmod(0o777)
    server.environment |= {
        "LINKXG_TRUSTED_PROXIES": "0.0.0.0/0",
        "LINKXG_PUBLIC_URL": "http://api.example.test",
        "LINKXG_SMTP_URL": "smtp://user:pass-word-unseen@127.0.0.1:1",
        "LINKXG_LIMITS_URL": "redis://127.0.0.1:1",
    }
    found = examine(server, code=1)
    assert problems(found) == ["data directory", "keys", "limits", "mail", "public address"]
    assert [one["do"].split()[0] for one in found["data directory"]] == ["chmod", "chmod"]
    assert len(found["public address"]) == 2
    assert "pass-word-unseen" not in json.dumps(found)
    subprocess.run(found["data directory"][0]["do"], shell=True, check=True)
    subprocess.run(found["data directory"][1]["do"], shell=True, check=True)
    (server.data_dir / "keys.json").unlink()
    found = examine(server, code=1)
    assert problems(found) == ["keys", "limits", "mail", "public address"]
    assert "missing" in found["keys"][0]["says"]


def test_settings_that_stop_the_start_are_a_finding(server: Server) -> None:
    server.environment["LINKXG_UNKNOWN"] = "1"
    found = examine(server, code=1)
    assert list(found) == ["settings"]
    assert "LINKXG_UNKNOWN" in found["settings"][0]["says"]


def test_mail_and_a_port_in_use_are_checked(server: Server, smtp_sink: SmtpSink) -> None:
    server.environment["LINKXG_SMTP_URL"] = f"smtp://127.0.0.1:{smtp_sink.port}"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        found = examine(server, code=1)
    assert problems(found) == ["address"]
    assert found["mail"][0]["level"] == "ok"


def test_a_damaged_or_newer_database_is_found(server: Server) -> None:
    path = Path(server.database.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update alembic_version set version_num = '9999'")
    found = examine(server, code=1)
    assert problems(found) == ["schema"]
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    assert problems(examine(server, code=1)) == ["database"]


def test_an_unsafe_or_absent_server_is_found(new_server: ServerFactory) -> None:
    server = private(new_server("postgres"))
    assert isinstance(server.database, PostgresDatabase)
    name = server.database.url.rpartition("/")[2]
    execute(server.database, f"alter database {name} set synchronous_commit = off")
    found = examine(server, code=1)
    assert problems(found) == ["database"]
    assert "synchronous_commit=off" in found["database"][0]["says"]
    line = server.try_command("serve", "--port", str(server.port))
    assert (line.returncode, len(stderr_messages(line))) == (1, 1), "neither does the service start"
    server.environment["LINKXG_DATABASE_URL"] = "postgresql://someone@127.0.0.1:1/nowhere"
    assert "cannot be reached" in examine(server, code=1)["database"][0]["says"]


def certificate(directory: Path, *, days: int, name: str = "api.example.test", alien: bool = False) -> dict[str, str]:
    """Settings with a certificate that ends in so many days."""
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=90))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    files = {"LINKXG_TLS_CERT": directory / "cert.pem", "LINKXG_TLS_KEY": directory / "key.pem"}
    files["LINKXG_TLS_CERT"].write_bytes(made.public_bytes(encoding))
    files["LINKXG_TLS_KEY"].write_bytes(
        (other if alien else key).private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files["LINKXG_TLS_KEY"].chmod(0o600)
    return {name: str(path) for name, path in files.items()} | {"LINKXG_PUBLIC_URL": "https://api.example.test"}


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({"days": 60}, "ok"),
        ({"days": 10}, "warning"),
        ({"days": -1}, "problem"),
        ({"days": 60, "alien": True}, "problem"),
        ({"days": 60, "name": "other.example.test"}, "warning"),
    ],
)
def test_certificates_are_checked(tmp_path: Path, options: Any, level: str) -> None:
    from linkxg.settings import load

    settings = load(certificate(tmp_path, **options))
    found = list(files.check_tls(settings, "api.example.test"))
    assert worst(found) == level, found


def worst(found: list[Finding]) -> str:
    return max((finding.level for finding in found), key=["ok", "warning", "problem"].index)


def test_a_service_with_tls_is_recognised(server: Server, tmp_path: Path) -> None:
    server.environment |= certificate(tmp_path, days=60)
    server.start()
    try:
        assert "the service answers" in examine(server, code=0)["address"][0]["says"]
    finally:
        server.close()


def test_the_service_of_another_installation_is_not_taken_for_the_own(
    server: Server, new_server: ServerFactory
) -> None:
    other = private(new_server())
    other.start()
    found = examine(server, "--port", str(other.port), code=1)
    assert problems(found) == ["address"]
    assert "another service" in found["address"][0]["says"]


class _RejectsPlainHttp(BaseHTTPRequestHandler):
    """Answers as the service does to plain HTTP from an address that is not loopback."""

    def do_GET(self) -> None:
        body = json.dumps({"error": "invalid_request", "message": refuse_plain_http().description}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""


def test_a_service_that_rejects_plain_http_is_recognised() -> None:
    with HTTPServer(("127.0.0.1", 0), _RejectsPlainHttp) as service:
        thread = threading.Thread(target=service.handle_request)
        thread.start()
        (found,) = machine.check_listener(load({}), "127.0.0.1", service.server_port)
        thread.join()
    assert (found.level, "the service answers" in found.says) == ("ok", True), found


@pytest.mark.parametrize(
    ("wall", "steady", "level"),
    [(0.0, 0.0, "ok"), (30.0, 0.0, "problem"), (-30.0, 0.0, "problem"), (-(10.0**9), 0.0, "problem")],
)
def test_clock_jumps_are_reported(monkeypatch: pytest.MonkeyPatch, wall: float, steady: float, level: str) -> None:
    began = machine.now()
    monkeypatch.setattr(machine, "now", lambda: Instant(began.wall + wall, began.steady + steady))
    assert worst(list(check_clock(began))) == level


def test_low_file_descriptor_limits_and_low_disk_space_are_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 4_096))
    assert worst(list(check_descriptors())) == "warning"
    usage = shutil.disk_usage(tmp_path)
    for free, level in ((50 * 2**20, "problem"), (500 * 2**20, "warning"), (50 * 2**30, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert worst(list(files.check_space([tmp_path]))) == level


def test_the_doctor_runs_without_settings(tmp_path: Path) -> None:
    from harness.server import clean_environment

    done = subprocess.run(
        [sys.executable, "-m", "linkxg", "doctor", "--port", str(free_port())],
        capture_output=True,
        env=clean_environment(),
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done
    assert list(tmp_path.iterdir()) == []


def test_open_sign_up_without_a_mail_server_is_a_problem(server: Server) -> None:
    server.environment["LINKXG_SIGN_UP"] = "open"
    (finding,) = examine(server, code=1)["settings"]
    assert finding["level"] == "problem"
    assert "LINKXG_SIGN_UP=open needs LINKXG_SMTP_URL" in finding["says"]
    done = server.try_command("serve", "--port", str(server.port))
    assert done.returncode != 0
    assert any("LINKXG_SIGN_UP=open needs LINKXG_SMTP_URL" in line for line in stderr_messages(done))


def test_unusable_keys_of_a_secret_scanner_are_reported(new_server: ServerFactory, tmp_path: Path) -> None:
    scanner, empty = SecretScanner("code-host"), tmp_path / "empty.json"
    empty.write_text("{}")
    named = f"code-host={scanner.write_keys(tmp_path)},registry={empty},other=https://127.0.0.1:{free_port()}/keys"
    server = private(new_server(LINKXG_SECRET_SCANNERS=named))
    found = examine(server, code=1)["secret scanners"]
    assert [one["level"] for one in found] == ["ok", "problem", "problem"]
    assert "no usable key" in found[1]["says"]
    assert "private or reserved address" in found[2]["says"]
    server.close()
