"""The entry point of one worker process.

The supervisor starts `python -m linkxg.server.worker CHANNEL LISTENER…` with file descriptors, and settings in the
environment. A worker whose supervisor has ended stops gracefully.
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
from linkxg.server.worker_channel import REPORT_INTERVAL_S, Channel, ServiceCounts, WorkerReport, send_blocking
from linkxg.settings import load

QUERY_TIMEOUT_S = 2.0


class SupervisorLink:
    """The worker's end of the channel to the supervisor."""

    def __init__(self, metrics: Metrics, channel: Channel[ServiceCounts]) -> None:
        self._metrics = metrics
        self._channel = channel
        self._queries = 0
        self._pending: dict[int, asyncio.Future[Counts]] = {}
        metrics.gather = self.gather

    async def listen(self) -> None:
        """Receive the supervisor's responses until it ends."""
        while (response := await self._channel.receive()) is not None:
            future = self._pending.pop(response.query, None)
            if future is not None and not future.done():
                future.set_result(response.counts)

    async def report(self) -> None:
        while True:
            # A supervisor that does not read must not make this process grow.
            if not self._channel.is_congested:
                self._channel.send(WorkerReport(self._metrics.counts()))
            await asyncio.sleep(REPORT_INTERVAL_S)

    async def gather(self, counts: Counts) -> Counts:
        """The counts of the service, never lower than any worker has returned before."""
        self._queries += 1
        number = self._queries
        future: asyncio.Future[Counts] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            self._channel.send(WorkerReport(counts, query=number))
            async with asyncio.timeout(QUERY_TIMEOUT_S):
                return await future
        except TimeoutError:
            raise TemporarilyUnavailable("the supervisor does not respond") from None
        finally:
            self._pending.pop(number, None)

    async def close(self) -> None:
        """Send a last report and close."""
        self._channel.send(WorkerReport(self._metrics.counts()))
        await self._channel.close()


class Worker(HttpServer):
    """Serves until SIGTERM, or until its supervisor ends."""

    def __init__(self, channel: socket.socket) -> None:
        # Imported here, after `main` has configured the garbage collector.
        from linkxg.app import create_app

        self._socket = channel
        self._metrics = Metrics()
        self._tasks: list[asyncio.Task[None]] = []
        settings = load(os.environ)
        require_certificate(settings)
        super().__init__(configuration(create_app(self._metrics, self._report_failure), settings))

    def _report_failure(self, reason: str) -> None:
        send_blocking(self._socket, WorkerReport(Counts(), failed=reason))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._link = SupervisorLink(self._metrics, await Channel.open(self._socket, ServiceCounts))
        self._tasks = [asyncio.create_task(self._exit_with_supervisor()), asyncio.create_task(self._link.report())]

    async def _exit_with_supervisor(self) -> None:
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
    # Sent by a closing terminal, or meant for the supervisor, which handles it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        worker = Worker(channel)
    except Exception as fault:  # noqa: BLE001  whatever keeps it from starting is reported in one line
        reason = reason_of(fault)
        log_failed_start(reason)
        send_blocking(channel, WorkerReport(Counts(), failed=reason))
        raise SystemExit(EXIT_STATUS) from None
    with contextlib.suppress(KeyboardInterrupt):
        worker.run(listeners)


if __name__ == "__main__":
    main()
