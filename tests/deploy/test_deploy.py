"""The files in `deploy/` fit the program, and its scripts set up a primary and a standby that can take over.

No container engine runs here: the files are read, and the scripts are run by local processes.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from architecture.program import ROOT
from harness import postgres
from harness.concurrency import seconds_until
from harness.postgres import READY, as_database_user, binaries
from harness.processes import Process, free_port
from harness.replication import STANDING_BY
from linkxg.db.address import read_address
from linkxg.settings import describe, load

DEPLOY = ROOT / "deploy"
SOON_S = 30.0
PUBLIC_URL = "https://api.acme.example"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What secrets.sh makes."""
    directory = tmp_path / "secrets"
    subprocess.run(["sh", str(DEPLOY / "secrets.sh"), PUBLIC_URL, str(directory)], check=True, timeout=30)
    return directory


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def test_secrets_are_created_once_and_readable_by_one_user(secrets: Path) -> None:
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    wanted = {str(secret["file"]).rpartition("/")[2] for secret in compose()["secrets"].values()}
    assert before.keys() == wanted | {"node.env"}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in secrets.iterdir())
    assert len({before[name] for name in wanted}) == len(wanted)
    subprocess.run(["sh", str(DEPLOY / "secrets.sh"), "https://other.example", str(secrets)], check=True, timeout=30)
    assert before == {file.name: file.read_bytes() for file in secrets.iterdir()}


def test_the_settings_of_the_nodes_are_accepted(secrets: Path) -> None:
    services = compose()["services"]
    lines = (secrets / "node.env").read_text().splitlines()
    for name in ("node1", "node2"):
        environment = dict(line.split("=", 1) for line in lines) | services[name]["environment"]
        settings = load(environment)
        assert settings.public_url == PUBLIC_URL
        servers = read_address(settings.database).servers
        assert servers == [("db1", 5432), ("db2", 5432)]
        assert set(dict(servers)) < set(services)
        proxy = services["proxy"]["networks"]["inside"]["ipv4_address"]
        assert {str(network) for network in settings.trusted_proxies} == {f"{proxy}/32", "127.0.0.1/32"}
        assert settings.limits_url.startswith("valkey://valkey:")


def test_every_mounted_or_named_file_exists() -> None:
    found = compose()
    made = {"./secrets/", "./nginx/tls"}
    for service in found["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists() or any(source.startswith(each) for each in made), source
            else:
                assert source in found["volumes"]
        assert set(service.get("depends_on", ())) <= found["services"].keys()
        assert set(service.get("secrets", ())) <= found["secrets"].keys()
    upstreams = re.findall(r"server (\w+):8000", (DEPLOY / "nginx" / "nginx.conf").read_text())
    assert upstreams == ["node1", "node2"]


def test_every_file_copied_into_the_image_exists() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"}
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists()
            assert source.split("/")[0] in allowed
    assert "--require-hashes" in text
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    names = {name for name, _, _ in describe()}
    assert set(re.findall(r"LINKXG_[A-Z_]+", text)) <= names


class Servers:
    """The two database services of compose.yaml, as local processes with the same scripts."""

    def __init__(self, directory: Path, secrets: Path) -> None:
        programs = binaries()
        assert programs is not None
        self._programs, self._secrets, self._directory = programs, secrets, directory
        self.one, self.two = free_port(), free_port()
        self._processes: list[Process] = []

    def _environment(self, data: str, port: int) -> dict[str, str]:
        path = f"{self._programs}:{os.environ.get('PATH', '')}"
        return {"PATH": path, "LC_ALL": "C", "PGDATA": str(self._directory / data), "SECRETS": str(self._secrets),
                "PGHOST": "127.0.0.1", "PGPORT": str(port), "PRIMARY": "127.0.0.1",
                "PRIMARY_PORT": str(self.one), "RUN_AS": ""}  # fmt: skip

    def run(self, *command: str | Path, port: int = 0, data: str = "one", password: str = "") -> str:
        done = subprocess.run(
            [*as_database_user(), *map(str, command)],
            env=self._environment(data, port or self.one) | {"PGPASSWORD": password},
            capture_output=True, cwd=self._directory, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def start(self, data: str, port: int, wanted: str, *command: str | Path) -> Process:
        options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        process = Process(
            data,
            [*as_database_user(), *command, *options],
            environment=self._environment(data, port),
            working_directory=self._directory,
        )
        self._processes.append(process)
        process.wait_for(lambda line: wanted in line)
        return process

    def begin(self) -> Process:
        """What the image does: an empty server, the script of the directory for it, then the server proper."""
        self.run("initdb", "--username", "postgres", "--auth-local", "trust", "--auth-host", "trust")
        first = self.start("one", self.one, READY, "postgres")
        self.run("sh", self._script("primary.sh"))
        first.stop()
        return self.start("one", self.one, READY, "postgres")

    def follow(self) -> Process:
        return self.start("two", self.two, STANDING_BY, "sh", self._script("standby.sh"))

    def promote(self) -> None:
        self.run("sh", self._script("promote.sh"), port=self.two, data="two")

    def _script(self, name: str) -> Path:
        """Where the database's user may read it."""
        return Path(shutil.copy(DEPLOY / "postgres" / name, self._directory))

    def ask(self, port: int, sql: str, user: str = "linkxg") -> str:
        name = "postgres" if user == "postgres" else "linkxg"
        password = (self._secrets / "database_password").read_text()
        return self.run("psql", "--no-psqlrc", "-At", "-U", user, "-d", name, "-c", sql, port=port, password=password)

    def close(self) -> None:
        for process in self._processes:
            if process.running:
                process.kill()


@pytest.fixture
def servers(tmp_path: Path, secrets: Path) -> Iterator[Servers]:
    if postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    # Not below pytest's own directory: that one is closed to the user that the database runs as.
    directory = Path(subprocess.run(["mktemp", "-d"], capture_output=True, check=True).stdout.decode().strip())
    readable = Path(shutil.copytree(secrets, directory / "secrets"))
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", postgres.USER, str(directory)], check=True)
    made = Servers(directory, readable)
    yield made
    made.close()
    shutil.rmtree(directory)


def test_the_standby_has_every_commit_and_takes_over(servers: Servers) -> None:
    primary = servers.begin()
    standby = servers.follow()
    state = "select sync_state from pg_stat_replication"
    seconds_until(lambda: servers.ask(servers.one, state, "postgres") in {"sync", "quorum"}, within=SOON_S)
    assert servers.ask(servers.one, "show synchronous_commit") == "on"
    assert servers.ask(servers.one, "select rolsuper from pg_roles where rolname = 'linkxg'") == "f"
    servers.ask(servers.one, "create table kept (a int)")
    servers.ask(servers.one, "insert into kept values (7)")
    primary.kill()
    servers.promote()
    standby.wait_for(lambda line: READY in line)
    assert servers.ask(servers.two, "select a from kept") == "7"
    # Alone it waits for nobody.
    servers.ask(servers.two, "insert into kept values (8)")
