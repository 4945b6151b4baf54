"""A PostgreSQL cluster for tests, with durable writes, from Debian's binaries."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psutil

from harness.processes import Process, free_port

USER = "postgres"
INSTALLED = Path("/usr/lib/postgresql")
READY = "database system is ready to accept connections"
ABSENT = "PostgreSQL's server binaries are absent: install the package 'postgresql'"


@cache
def binaries() -> Path | None:
    """The newest installed version's directory of programs, or None."""
    versions = [path.parent for path in INSTALLED.glob("*/bin/initdb")]
    return max(versions, key=lambda path: float(path.parent.name), default=None)


def as_database_user() -> list[str]:
    """The command prefix that drops root's rights: postgres refuses to run with them."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


class Cluster:
    """One PostgreSQL on a loopback port, data in a directory of its own, trusting every local connection.

    `fsync` stays on: the durability tests kill it and look at what was acknowledged.
    """

    def __init__(self) -> None:
        programs = binaries()
        assert programs is not None, ABSENT
        self._programs = programs
        # Not below pytest's own directory: that one is closed to the user the database runs as.
        self.directory = Path(tempfile.mkdtemp(prefix="linkxg-postgres-"))
        self._data = self.directory / "data"
        if os.geteuid() == 0:
            entry = pwd.getpwnam(USER)
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        self.port = free_port()
        self._process: Process | None = None
        self._numbers = itertools.count(1)
        self._more_options: dict[str, str] = {}
        self._initialise()

    def use_tls(self, certificate: Path, key: Path) -> None:
        """From the next start on, TLS is offered with this certificate."""
        for name, source in (("ssl_cert_file", certificate), ("ssl_key_file", key)):
            copy = Path(shutil.copy(source, self.directory))
            copy.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(copy, USER)
            self._more_options[name] = str(copy)
        self._more_options["ssl"] = "on"

    def _initialise(self) -> None:
        self._run("initdb", "--pgdata", str(self._data), "--username", USER, "--auth", "trust",
                  "--encoding", "UTF8", "--locale", "C")  # fmt: skip

    def _run(self, program: str, *arguments: str) -> bytes:
        done = subprocess.run(
            [*as_database_user(), str(self._programs / program), *arguments],
            capture_output=True,
            cwd=self.directory,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{program} failed:\n{done.stderr.decode(errors='replace')}"
        return done.stdout

    def start(self) -> Cluster:
        """Run the server and wait until it accepts connections."""
        self.launch().wait_for(lambda line: READY in line)
        return self

    @property
    def process(self) -> Process:
        assert self._process is not None, "not running"
        return self._process

    def launch(self) -> Process:
        """Run the server."""
        assert self._process is None, "already running"
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            **self._more_options,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = Process(
            "postgres",
            [*as_database_user(), self._programs / "postgres", "-D", self._data, *settings],
            environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            working_directory=self.directory,
        )
        return self._process

    def stop(self) -> None:
        """A fast shutdown: sessions are cut, a checkpoint is written."""
        if self._process is not None:
            self._process.signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def crash(self) -> None:
        """SIGKILL to every process of the server: the next start has to recover from the log."""
        if self._process is not None:
            self._signal_everybody(signal.SIGKILL)
            self._process.kill()
            self._process = None

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        self._signal_everybody(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_everybody(signal.SIGCONT)

    def _signal_everybody(self, number: int) -> None:
        """To the server and to every session of it: each of those is a process group of its own."""
        assert self._process is not None, "not running"
        server = psutil.Process(self._process.pid)
        # The server first, so that it starts no more of them.
        for process in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop()
        shutil.rmtree(self.directory)

    def new_database(self) -> str:
        """The URL of a fresh, empty database."""
        name = f"linkxg_{next(self._numbers)}"
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", USER, name)
        return self.url(name)

    def replace_database(self, url: str, original: str) -> None:
        """Make `url` a copy of `original`; nobody may be connected to either."""
        name, template = (one.rpartition("/")[2] for one in (url, original))
        for statement in (f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {template}"):
            self.query(self.url("postgres"), statement)

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def dump(self, url: str) -> bytes:
        """The database as SQL text, as a backup would hold it."""
        return self._run("pg_dump", "--dbname", url)

    def query(self, url: str, sql: str) -> list[list[str]]:
        """Rows of one statement, each value as text."""
        answer = self._run("psql", "--dbname", url, "--no-psqlrc", "--tuples-only", "--no-align",
                           "--field-separator", "\t", "--command", sql)  # fmt: skip
        return [line.split("\t") for line in answer.decode().splitlines() if line]
