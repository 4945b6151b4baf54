"""The child process that runs the jobs of a worker, one after another.

Starting one takes longer than importing a small file, so it waits a while for the next job before it is ended.
"""

import asyncio
import contextlib
import sys
import time
from asyncio.subprocess import PIPE, Process

import msgspec

from linkxg.jobs.process_main import JobSpec

IDLE_S = 5.0
STOP_S = 15.0


class JobProcess:
    """Runs `module`. Started with the first job, and again when it has died."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: Process | None = None
        self._idle_since = 0.0

    async def run(self, order: JobSpec) -> int:
        """Have the job done; 0, or the exit code of the process that died of it."""
        process = self._process
        if process is None or process.returncode is not None:
            process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(order) + b"\n")
        if await process.stdout.readline():
            self._idle_since = time.monotonic()
            return 0
        self._process = None
        return await process.wait()

    async def end_when_idle(self) -> None:
        """Between two jobs: end the process if the last one ended more than `IDLE_S` seconds ago."""
        if self._process is not None and time.monotonic() - self._idle_since > IDLE_S:
            await self.stop()

    async def stop(self) -> None:
        """Let a running job finish its batch and end the process, which is killed after `STOP_S` seconds."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    def kill(self) -> None:
        """End the process at once; `run` returns."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, stdin=PIPE, stdout=PIPE
        )
        return self._process
