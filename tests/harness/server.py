"""One server of the program under test: started, stopped, killed and looked into."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.client import Client, forwarded
from harness.databases import Database
from harness.people import Account, Person, new_email
from harness.preloaded import run_linkxg, start_linkxg
from harness.processes import START_TIMEOUT_S, Process, free_port
from harness.vault import Vault

LISTEN_TIMEOUT_S = 5.0


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of the program: an unknown one would stop the start."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LINKXG_")}


def parse_log_line(line: str) -> dict[str, Any]:
    """A log line as an object; empty for what is meant for people."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def stderr_messages(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """Standard error of a command that failed, without what `serve` logs: its reason again, as one JSON line."""
    lines = done.stderr.decode().splitlines()
    logged = [event for event in map(parse_log_line, lines) if event]
    messages = [line for line in lines if not parse_log_line(line)]
    if "serve" in done.args:
        assert [event["event"] for event in logged] == ["start.failed"], lines
        # The log redacts what looks like a credential, and caps its texts.
        assert logged[0]["reason"][:30] in messages[0], lines
    else:
        assert not logged, lines
    return messages


class Server:
    """`linkxg serve` on a port of its own, with its data directory, database and settings."""

    def __init__(
        self,
        directory: Path,
        database: Database,
        vault: Vault,
        *,
        workers: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = directory / "data"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.database = database
        self.vault = vault
        self.workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = directory / "server.log"
        self.environment = clean_environment() | {
            "LINKXG_DATABASE_URL": database.url,
            "LINKXG_DATA_DIR": str(self.data_dir),
            "LINKXG_PUBLIC_URL": self.url,
            **(settings or {}),
        }
        self._process: Process | None = None

    # -- life ---------------------------------------------------------------------------------------------

    def start(self) -> Server:
        """Serve, and return when every worker says that it does."""
        self.launch()
        self.wait_until_started()
        return self

    def launch(self) -> Process:
        """Start the process and do not wait."""
        assert self._process is None, "already started"
        self._process = Process(
            "linkxg",
            ["serve", "--host", "127.0.0.1", "--port", str(self.port),
             "--workers", str(self.workers), "--data-dir", self.data_dir],
            environment=self.environment,
            transcript=self.log_file,
            working_directory=self.data_dir.parent,
            start=start_linkxg,
        )  # fmt: skip
        return self._process

    def wait_until_started(self, timeout: float = START_TIMEOUT_S) -> None:
        self.wait_for_event("started", count=self.workers, timeout=timeout)
        self._wait_until_listening()

    def _wait_until_listening(self) -> None:
        # A worker logs that its application has started shortly before its socket listens; no event marks that.
        deadline = time.monotonic() + LISTEN_TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=LISTEN_TIMEOUT_S).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, f"started, but nobody listens:\n{self.process.tail()}"
                time.sleep(0.005)
            else:
                return

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        code = self.process.stop()
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL to every process of the server at once."""
        self.process.kill()
        self._process = None

    def restart(self) -> Server:
        """Stop in order and start again."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """End whatever still runs; safe to call twice."""
        if self._process is not None:
            if self._process.running:
                self.stop()
            else:
                self.kill()

    @property
    def process(self) -> Process:
        assert self._process is not None, "not started"
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running

    def terminate(self) -> None:
        """SIGTERM without waiting, for tests that watch the shutdown."""
        self.process.signal(signal.SIGTERM)

    # -- looking in ---------------------------------------------------------------------------------------

    def log_lines(self) -> list[str]:
        """What the present process has written."""
        return self.process.lines()

    def log_events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The log as objects, all or those of one event."""
        events = [event for event in map(parse_log_line, self.log_lines()) if event]
        return [event for event in events if name is None or event.get("event") == name]

    def log_text(self) -> bytes:
        """Everything that this server has ever written, over all its runs and commands."""
        return self.log_file.read_bytes()

    def wait_for_event(self, name: str, *, count: int = 1, timeout: float = START_TIMEOUT_S) -> list[dict[str, Any]]:
        """The first `count` log objects of this event."""
        lines = self.process.wait_for(
            lambda line: parse_log_line(line).get("event") == name, count=count, timeout=timeout
        )
        return [parse_log_line(line) for line in lines]

    def client(self, source: str | None = None) -> Client:
        """A checking client; with `source`, one that a trusted proxy vouches for."""
        return Client(self.url, self.vault, forwarded(source) if source else ())

    def signing_keys(self) -> list[dict[str, Any]]:
        """The records of the key file, newest format of the program: kid, alg, jwk and times."""
        content = json.loads((self.data_dir / "keys.json").read_bytes())
        keys = content["keys"]
        assert isinstance(keys, list)
        return keys

    # -- commands -----------------------------------------------------------------------------------------

    def command(self, *arguments: str, stdin: bytes = b"", expect: int = 0, reveals: bool = False) -> bytes:
        """Run `linkxg …` with this server's settings; answers standard output, which `reveals` a secret or does not."""
        done = self._run(arguments, stdin, {}, reveals=reveals)
        output = done.stdout + done.stderr
        assert done.returncode == expect, f"linkxg {arguments[0]}: {output.decode(errors='replace')}"
        return done.stdout

    def try_command(self, *arguments: str, stdin: bytes = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
        """Run `linkxg …` with this server's settings, some of them replaced, and take any exit code."""
        return self._run(arguments, stdin, settings)

    def try_revealing_command(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
        """As `try_command`, of a command that prints a secret."""
        return self._run(arguments, b"", settings, reveals=True)

    def _run(
        self, arguments: tuple[str, ...], stdin: bytes, settings: dict[str, str], *, reveals: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        done = run_linkxg(arguments, self.environment | settings, self.data_dir.parent, stdin)
        with self.log_file.open("ab") as log:
            log.write(done.stderr if reveals else done.stdout + done.stderr)
        return done

    def bootstrap(self, name: str, *, another: bool = False) -> Account:
        """Create an account with its first Owner."""
        email = new_email("owner")
        password = self.vault.password()
        arguments = ["bootstrap", "--data-dir", str(self.data_dir), "--account", name,
                     "--owner-email", email, "--password-stdin", "--json"]  # fmt: skip
        if another:
            arguments.append("--additional")
        made = json.loads(self.command(*arguments, stdin=password.encode() + b"\n"))
        assert made["email"] == email
        return Account(made["account_id"], name, Person(made["user_id"], email, password, "OWNER"))
