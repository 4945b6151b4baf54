"""The child process that runs the jobs of a worker, one after another.

Starting it takes longer than importing a small file, so it is kept for a while after each job.
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
    """Runs `module`; started with the first job, and again after it has died."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: Process | None = None
        self._idle_since = 0.0

    async def run(self, spec: JobSpec) -> int:
        """Run the job; 0, or the exit code of a process that has died."""
        process = self._process
        if process is None or process.returncode is not None:
            process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(spec) + b"\n")
        if await process.stdout.readline():
            self._idle_since = time.monotonic()
            return 0
        self._process = None
        return await process.wait()

    async def end_when_idle(self) -> None:
        """End the process if the last job ended more than `IDLE_S` seconds ago; called between two jobs."""
        if self._process is not None and time.monotonic() - self._idle_since > IDLE_S:
            await self.stop()

    async def stop(self) -> None:
        """Let the process finish its batch and exit; kill it after `STOP_S` seconds."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    def kill(self) -> None:
        """Kill the process; `run` returns."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, stdin=PIPE, stdout=PIPE
        )
        return self._process
