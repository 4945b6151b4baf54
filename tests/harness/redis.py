"""A Redis or Valkey server for tests."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from harness.processes import Process, free_port

ABSENT = "no Redis protocol server: install the package 'redis-server' or 'valkey-server'"


def binary() -> str | None:
    """The program to run, or None."""
    return shutil.which("valkey-server") or shutil.which("redis-server")


class KeyValueServer:
    """One server on a loopback port that keeps nothing on disk."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._directory = directory
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> KeyValueServer:
        program = binary()
        assert program is not None, ABSENT
        self._process = Process(
            "key-value server",
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", self._directory],
        )  # fmt: skip
        self._process.wait_for(lambda line: "Ready to accept connections" in line)
        return self

    def pause(self) -> None:
        """Connections stay open and nothing answers."""
        assert self._process is not None, "not running"
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None, "not running"
        self._process.signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
