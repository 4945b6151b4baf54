"""Runs `linkxg …` as forks of a process that has loaded the program's modules already.

A fork is a process of its own, with the session, file descriptors, environment and working directory of a program that
was started: only the seconds of importing are saved. A command whose environment the interpreter itself reads at its
start (`PYTHONPATH`, `LD_PRELOAD`, …) has to be started.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypedDict

from jinja2 import Environment

from harness.forked_workers import fork_workers
from harness.password_hashes import set_cost
from harness.processes import start_program

READ_BY_INTERPRETER = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "TZ")
MODULES = (
    "linkxg.app", "linkxg.server.worker", "linkxg.server.event_loop", "linkxg.ops.doctor.checks", "linkxg.ops.demo",
    "linkxg.db.postgres", "linkxg.db.sqlite", "linkxg.db.migrations.versions",
    "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl", "uvloop", "anyio._backends._asyncio",
    "litestar._kwargs", "litestar.plugins.attrs", "litestar.plugins.pydantic", "litestar.middleware.csrf",
    "litestar.middleware._internal.exceptions", "litestar.middleware.allowed_hosts",
    "litestar.middleware.response_cache",
    "typer._adapters", "alembic.command", "alembic.config", "zxcvbn",
)  # fmt: skip
"""What a command would import in the middle of its work, too."""
TIMEOUT_S = 120.0
MAX_MESSAGE = 1 << 17
# A root that file modes hold for, as they do for every other user; the interpreter may lie where only root may read.
BOUND_BY_MODES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner,-chown")


class Command(TypedDict):
    arguments: list[str]
    environment: dict[str, str]
    directory: str


class Fork:
    """A running command, with the members of `subprocess.Popen` that the harness uses."""

    def __init__(self, pid: int, ended: threading.Event, streams: tuple[IO[bytes] | None, IO[bytes] | None]) -> None:
        self.pid = pid
        self.stdout, self.stderr = streams
        self.returncode = 0
        self.ended = ended

    def poll(self) -> int | None:
        return self.returncode if self.ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired("linkxg", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Preloaded:
    """The process that is forked; `prefix` is what it is started through. It ends with this one."""

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "harness.preloaded", str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                # Text to a pipe is not written line by line; a fork inherits that.
                stdout=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._lock = threading.Lock()
        self._answered = threading.Condition()
        self._pids: list[int] = []
        self._running: dict[int, Fork] = {}
        self._early: dict[int, int] = {}
        self._receiver = threading.Thread(target=self._receive, daemon=True, name="preloaded")
        self._receiver.start()

    def start(self, command: Command, stdin: int, stdout: int, stderr: int,
              streams: tuple[IO[bytes] | None, IO[bytes] | None] = (None, None)) -> Fork:  # fmt: skip
        """Start the command on these file descriptors."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(command).encode()], [stdin, stdout, stderr])
            with self._answered:
                assert self._answered.wait_for(lambda: self._pids, TIMEOUT_S), "no fork was made"
                fork = Fork(self._pids.pop(), threading.Event(), streams)
                self._running[fork.pid] = fork
                if fork.pid in self._early:
                    self._end(fork.pid, self._early.pop(fork.pid))
        return fork

    def run(self, command: Command, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run the command to its end."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            fork = self.start(command, given.fileno(), out.fileno(), err.fileno())
            try:
                fork.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(fork.pid, signal.SIGKILL)
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command["arguments"], fork.returncode, out.read(), err.read())

    def close(self) -> None:
        """End the process, and with it every fork that still runs."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.communicate()
        self._receiver.join()
        self._socket.close()

    def _receive(self) -> None:
        while message := self._socket.recv(MAX_MESSAGE):
            answer: dict[str, int] = json.loads(message)
            with self._answered:
                if "code" in answer:
                    self._end(answer["pid"], answer["code"])
                else:
                    self._pids.append(answer["pid"])
                self._answered.notify_all()

    def _end(self, pid: int, code: int) -> None:
        fork = self._running.pop(pid, None)
        if fork is None:
            self._early[pid] = code
            return
        fork.returncode = code
        fork.ended.set()


@cache
def shared() -> Preloaded:
    """The one of this run."""
    made = Preloaded()
    atexit.register(made.close)
    return made


def start_linkxg(
    arguments: Sequence[str | Path], environment: Mapping[str, str], directory: Path
) -> Fork | subprocess.Popen[bytes]:
    """Start `linkxg …`, its output in pipes."""
    if not can_fork(environment):
        return start_program([sys.executable, "-m", "linkxg", *arguments], environment, directory)
    out, err = os.pipe(), os.pipe()
    with open(os.devnull, "rb") as nothing:
        fork = shared().start(_command(arguments, environment, directory), nothing.fileno(), out[1], err[1],
                              (os.fdopen(out[0], "rb"), os.fdopen(err[0], "rb")))  # fmt: skip
    os.close(out[1])
    os.close(err[1])
    return fork


def run_linkxg(
    arguments: Sequence[str], environment: Mapping[str, str], directory: Path, stdin: bytes
) -> subprocess.CompletedProcess[bytes]:
    """Run `linkxg …` to its end."""
    if can_fork(environment):
        return shared().run(_command(arguments, environment, directory), stdin)
    return subprocess.run(
        [sys.executable, "-m", "linkxg", *arguments],
        input=stdin, capture_output=True, env=environment, cwd=directory, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


def _command(arguments: Sequence[str | Path], environment: Mapping[str, str], directory: Path) -> Command:
    return Command(arguments=[str(one) for one in arguments], environment=dict(environment), directory=str(directory))


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether an interpreter that was started with this environment would be like this one."""
    return _of_interpreter(environment) == _of_interpreter(os.environ)


def _of_interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_BY_INTERPRETER)}


def _serve(channel: socket.socket) -> Command | None:
    """Fork for each command until the other end closes. Returns twice: the command, in its fork; None at the end."""
    running: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    descriptor: Any = key.fileobj
                    pid = running.pop(descriptor)
                    selector.unregister(descriptor)
                    os.close(descriptor)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    channel.send(json.dumps({"pid": pid, "code": code}).encode())
                    continue
                message, streams, _, _ = socket.recv_fds(channel, MAX_MESSAGE, 3)
                if not message:
                    for pid in running.values():
                        os.killpg(pid, signal.SIGKILL)
                    return None
                pid = os.fork()
                if pid == 0:
                    os.setsid()
                    for number, descriptor in enumerate(streams):
                        os.dup2(descriptor, number)
                    os.closerange(3, max(*streams, *running, channel.fileno(), selector.fileno()) + 1)
                    received: Command = json.loads(message)
                    return received
                for descriptor in streams:
                    os.close(descriptor)
                watched = os.pidfd_open(pid)
                running[watched] = pid
                selector.register(watched, selectors.EVENT_READ)
                channel.send(json.dumps({"pid": pid}).encode())


def _compile_templates(environment: Environment) -> None:
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


def main() -> None:
    cli = import_module("linkxg.cli")
    cli.build()
    for name in MODULES:
        import_module(name)
    _compile_templates(import_module("linkxg.console.pages").templates())
    gc.freeze()
    command = _serve(socket.socket(fileno=int(sys.argv[1])))
    if command is None:
        return
    os.environ.clear()
    os.environ.update(command["environment"])
    os.chdir(command["directory"])
    set_cost(command["environment"])
    fork_workers()
    sys.argv = ["linkxg", *command["arguments"]]
    cli.main()


if __name__ == "__main__":
    main()
