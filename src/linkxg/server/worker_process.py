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

FINAL_REPORT_S = 1.0


class WorkerProcess:
    """One process from its start to its end.

    `ready` once it answers requests. `last_report_at` is in seconds of the loop's clock; `counts` is what it reported.
    """

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel[WorkerReport]) -> None:
        self._process = process
        self._channel = channel
        self.ready = asyncio.Event()
        self.last_report_at = asyncio.get_running_loop().time()
        self.counts = Counts()
        self._failed = ""

    @classmethod
    async def start(cls, listeners: list[socket.socket]) -> Self:
        """Start a worker that accepts from `listeners`."""
        ours, theirs = socket.socketpair()
        with theirs:
            passed = (theirs.fileno(), *(listener.fileno() for listener in listeners))
            process = await asyncio.create_subprocess_exec(
                # -P: the working directory is nowhere to look for modules.
                sys.executable, "-P", "-m", "linkxg.server.worker", *map(str, passed),
                pass_fds=passed, stdin=asyncio.subprocess.DEVNULL,
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
        return self._failed or f"the worker ended with exit code {self._process.returncode} before it answered"

    async def follow(self, gather: Callable[[], Counts]) -> int:
        """Listen to it until it ends; its exit code, negative for a signal. `gather` answers what it asks."""
        listening = asyncio.create_task(self._listen(gather))
        code = await self._process.wait()
        # Its last report may still be in the channel.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listening, FINAL_REPORT_S)
        await self._channel.close()
        return code

    async def _listen(self, gather: Callable[[], Counts]) -> None:
        while (report := await self._channel.receive()) is not None:
            self.last_report_at = asyncio.get_running_loop().time()
            if report.failed:
                self._failed = report.failed
                continue
            self.counts = report.counts
            self.ready.set()
            if report.asks:
                self._channel.send(ServiceCounts(gather(), report.asks))

    def terminate(self) -> None:
        """Let it finish its requests and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
