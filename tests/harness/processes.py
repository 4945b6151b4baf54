"""Starts a local process and waits for its output, without sleeping."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
TAIL_LINES = 40


class ProcessFailed(AssertionError):
    """A process ended, or stayed silent, when the test needed it."""


# Below the ports that the kernel gives to outgoing connections (ip_local_port_range), of which a load generator takes
# thousands: one of those could take a server's port while the server restarts.
PORTS = range(10_000, 32_000)
_CLAIMS_FOLDER = Path(tempfile.gettempdir()) / "linkxg-test-ports"
_claims: list[IO[str]] = []


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on and no other test process will take."""
    _CLAIMS_FOLDER.mkdir(exist_ok=True)
    while True:
        port = random.choice(PORTS)
        claim = (_CLAIMS_FOLDER / str(port)).open("w")
        try:
            # Held until this process ends, so that the suites beside this one pass the port over.
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port


class Running(Protocol):
    """What `Process` uses of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int) -> None: ...


Start = Callable[[Sequence[str | Path], Mapping[str, str], Path], Running]


def start_program(
    command: Sequence[str | Path], environment: Mapping[str, str], directory: Path
) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own, its output in pipes."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=directory,
        start_new_session=True,
    )


class Process:
    """One child in its own process group; its output is kept, and waiters are notified of each line at once."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        transcript: Path | None = None,
        working_directory: Path | None = None,
        start: Start = start_program,
    ) -> None:
        self.name = name
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._streams_open = 2
        # A file that outlives the process: several runs of one server append to the same one.
        self._transcript = transcript.open("ab") if transcript else None
        self._popen = start(
            command, os.environ if environment is None else environment, working_directory or Path.cwd()
        )
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True, name=f"{name}-reader")
            for stream in (self._popen.stdout, self._popen.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        for raw in stream:
            with self._news:
                self._lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                if self._transcript is not None:
                    self._transcript.write(raw)
                    self._transcript.flush()
                self._news.notify_all()
        with self._news:
            self._streams_open -= 1
            self._news.notify_all()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def lines(self) -> list[str]:
        """Everything written so far, standard output and standard error together."""
        with self._news:
            return list(self._lines)

    def tail(self) -> str:
        return "\n".join(self.lines()[-TAIL_LINES:])

    def wait_for(self, wanted: Callable[[str], bool], *, count: int = 1, timeout: float = START_TIMEOUT_S) -> list[str]:
        """The first `count` lines that `wanted` accepts; fails with the tail when they do not come."""
        deadline = time.monotonic() + timeout
        seen = 0
        found: list[str] = []
        with self._news:
            while True:
                found += [line for line in self._lines[seen:] if wanted(line)]
                seen = len(self._lines)
                if len(found) >= count:
                    return found[:count]
                left = deadline - time.monotonic()
                if self._streams_open == 0:
                    raise ProcessFailed(f"{self.name} ended before the awaited output:\n{self.tail()}")
                if left <= 0 or not self._news.wait(left):
                    raise ProcessFailed(f"{self.name} was silent for {timeout:.0f} s:\n{self.tail()}")

    def resident_bytes(self) -> int:
        """Memory held by the process and everything that it started."""
        return sum(int(fields[21]) for fields in self._statistics()) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """Processor time of the process and everything that it started and that still runs."""
        return sum(int(fields[11]) + int(fields[12]) for fields in self._statistics()) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def within_cpu_seconds(self, seconds: float) -> Iterator[None]:
        """What the block asks of the process costs less than so much processor time, however busy the machine is."""
        before = self.cpu_seconds()
        yield
        used = self.cpu_seconds() - before
        assert used < seconds, f"{used:.2f} s of processor time; the bound is {seconds} s"

    def _statistics(self) -> Iterator[list[str]]:
        """Of each process of the group, what `/proc/PID/stat` holds from the third field on."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                # The name in parentheses may hold spaces; what follows it may not.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == self.pid:
                yield fields

    def signal(self, number: int) -> None:
        """Send a signal to the process alone (its children are its own business)."""
        if self.running:
            self._popen.send_signal(number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the process and to everything it started."""
        try:
            os.killpg(self._popen.pid, number)
        except ProcessLookupError:
            return

    def wait(self, timeout: float = STOP_TIMEOUT_S) -> int:
        """The exit code; a process that does not end in time is killed and the test fails."""
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailed(f"{self.name} did not end within {timeout:.0f} s:\n{self.tail()}") from None
        self._close()
        return code

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> int:
        """SIGTERM, then the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """SIGKILL to the whole group: nothing gets a chance to tidy up."""
        self.signal_group(signal.SIGKILL)
        self._popen.wait()
        self._close()

    def _close(self) -> None:
        # A killed supervisor can leave children that hold the pipes; end them, so that the readers finish.
        self.signal_group(signal.SIGKILL)
        for reader in self._readers:
            reader.join()
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()
        if self._transcript is not None:
            self._transcript.close()
            self._transcript = None
