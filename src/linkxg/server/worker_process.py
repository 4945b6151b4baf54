"""The supervisor's view of one worker process."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from typing import Self

from linkxg.http.metrics import Counts
from linkxg.server.worker_channel import Channel, ServiceCounts, WorkerReport

DRAIN_TIMEOUT_S = 1.0


class WorkerProcess:
    """One process from its start to its end.

    `ready` is set once it serves requests. `reported_at` is the loop time of its last report, `counts` are those in it.
    """

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel[WorkerReport]) -> None:
        self._process = process
        self._channel = channel
        self.ready = asyncio.Event()
        self.reported_at = asyncio.get_running_loop().time()
        self.counts = Counts()
        self._failed = ""

    @classmethod
    async def start(cls, listeners: list[socket.socket]) -> Self:
        """Start a worker that accepts from `listeners`; it is not ready yet."""
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = (theirs.fileno(), *(listener.fileno() for listener in listeners))
            process = await asyncio.create_subprocess_exec(
                # -P: modules are not imported from the working directory.
                sys.executable, "-P", "-m", "linkxg.server.worker", *map(str, descriptors),
                pass_fds=descriptors, stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        return cls(process, await Channel.open(ours, WorkerReport))

    @property
    def is_ready(self) -> bool:
        return self.ready.is_set()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def failure(self) -> str:
        """Why a worker that has ended did not start."""
        return self._failed or f"the worker ended with exit code {self._process.returncode} before it was ready"

    async def watch(self, total: Callable[[], Counts]) -> int:
        """Receive reports until it ends; returns its exit code, negative for a signal. `total` answers its queries."""
        receiver = asyncio.create_task(self._receive(total))
        code = await self._process.wait()
        # Its last reports may still be in the socket.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(receiver, DRAIN_TIMEOUT_S)
        await self._channel.close()
        return code

    async def _receive(self, total: Callable[[], Counts]) -> None:
        while (report := await self._channel.receive()) is not None:
            self.reported_at = asyncio.get_running_loop().time()
            if report.failed:
                self._failed = report.failed
                continue
            self.counts = report.counts
            self.ready.set()
            if report.query:
                self._channel.send(ServiceCounts(total(), report.query))

    def terminate(self) -> None:
        """Stop gracefully, after the requests in flight."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
