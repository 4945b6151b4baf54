"""The entry point of one worker process.

The supervisor starts `python -m linkxg.server.worker CHANNEL LISTENER…` with file descriptors, and settings in the
environment. A worker whose supervisor has ended finishes its requests and ends too.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys

from linkxg.crypto.malloc import use_single_arena
from linkxg.db.errors import reason_of
from linkxg.errors import TemporarilyUnavailable
from linkxg.http.metrics import Counts, Metrics
from linkxg.runtime import garbage
from linkxg.server.start_failure import EXIT_STATUS, log_failed_start
from linkxg.server.uvicorn_config import HttpServer, configuration, require_certificate
from linkxg.server.worker_channel import REPORT_S, Channel, ServiceCounts, WorkerReport, send_now
from linkxg.settings import load

ANSWER_S = 2.0


class SupervisorLink:
    """The worker's end of the channel."""

    def __init__(self, metrics: Metrics, channel: Channel[ServiceCounts]) -> None:
        self._metrics = metrics
        self._channel = channel
        self._asked = 0
        self._answers: dict[int, asyncio.Future[Counts]] = {}
        metrics.gather = self.gather

    async def listen(self) -> None:
        """Receive the supervisor's answers until it ends."""
        while (answer := await self._channel.receive()) is not None:
            waiting = self._answers.pop(answer.asked, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.counts)

    async def report(self) -> None:
        while True:
            # A frozen supervisor must not make this process grow.
            if not self._channel.is_backlogged:
                self._channel.send(WorkerReport(self._metrics.counts()))
            await asyncio.sleep(REPORT_S)

    async def gather(self, counts: Counts) -> Counts:
        """The counts of the service, never less than any worker has shown before."""
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[Counts] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self._channel.send(WorkerReport(counts, asks=number))
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            raise TemporarilyUnavailable("the supervisor is silent") from None
        finally:
            self._answers.pop(number, None)

    async def close(self) -> None:
        """Send the final counts."""
        self._channel.send(WorkerReport(self._metrics.counts()))
        await self._channel.close()


class Worker(HttpServer):
    """Serves until a signal, or until its supervisor ends."""

    def __init__(self, end: socket.socket) -> None:
        # Here, after `main` has configured the garbage collector.
        from linkxg.app import create_app

        self._end = end
        self._metrics = Metrics()
        self._tasks: list[asyncio.Task[None]] = []
        settings = load(os.environ)
        require_certificate(settings)
        super().__init__(configuration(create_app(self._metrics, self._report_failure), settings))

    def _report_failure(self, reason: str) -> None:
        send_now(self._end, WorkerReport(Counts(), failed=reason))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._link = SupervisorLink(self._metrics, await Channel.open(self._end, ServiceCounts))
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._link.report())]

    async def _follow(self) -> None:
        await self._link.listen()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for task in self._tasks:
            task.cancel()
        await self._link.close()


def main() -> None:
    use_single_arena()
    garbage.collect_rarely()
    channel, *listeners = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    # From a closing terminal, or meant for the supervisor, which decides.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        worker = Worker(channel)
    except Exception as fault:  # noqa: BLE001  whatever keeps it from starting is said in one line
        reason = reason_of(fault)
        log_failed_start(reason)
        send_now(channel, WorkerReport(Counts(), failed=reason))
        raise SystemExit(EXIT_STATUS) from None
    with contextlib.suppress(KeyboardInterrupt):
        worker.run(listeners)


if __name__ == "__main__":
    main()
