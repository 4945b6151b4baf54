"""The supervisor of the workers of one service.

The parent process holds the listening sockets and serves no requests. A worker that dies is replaced; one that sends no
reports is killed first. SIGHUP replaces the workers one by one, each once its successor is ready; SIGTERM and SIGINT
stop all gracefully. New connections wait in the listen backlog meanwhile and are never refused.
"""

import asyncio
import contextlib
import signal
import socket

from linkxg.http.logs import log
from linkxg.http.metrics import Counts, Gauge
from linkxg.server.uvicorn_config import SHUTDOWN_S
from linkxg.server.worker_process import WorkerProcess

READY_TIMEOUT_S = 60.0
REPORT_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = SHUTDOWN_S + 8.0
CHECK_INTERVAL_S = 1.0
_MIN_BACKOFF_S, _MAX_BACKOFF_S = 0.5, 15.0


class Supervisor:
    def __init__(self, listeners: list[socket.socket], count: int) -> None:
        self._listeners = listeners
        self._count = count
        # Those in service, starting ones included; `_watchers` also has those that are stopping or not in service yet.
        self._workers: list[WorkerProcess] = []
        self._watchers: dict[WorkerProcess, asyncio.Task[None]] = {}
        self._ended = Counts()
        self._replaced = 0
        self._backoff = _MIN_BACKOFF_S
        self._was_ready = self._has_failed = False

    async def run(self) -> bool:
        """Run until SIGTERM or SIGINT; returns False if the first worker could not start."""
        loop = asyncio.get_running_loop()
        self._stopping, self._reload = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        for _ in range(self._count):
            self._workers.append(await self._start())
        tasks = [asyncio.create_task(self._kill_silent()), asyncio.create_task(self._reload_on_request())]
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        await self._stop()
        return not self._has_failed

    async def _start(self) -> WorkerProcess:
        worker = await WorkerProcess.start(self._listeners)
        self._watchers[worker] = asyncio.create_task(self._watch(worker))
        return worker

    async def _watch(self, worker: WorkerProcess) -> None:
        """Wait for its end, and replace it if it was in service."""
        code = await worker.watch(self._total)
        self._ended.add(worker.counts, gauges=False)
        del self._watchers[worker]
        self._was_ready = self._was_ready or worker.is_ready or any(each.is_ready for each in self._workers)
        if worker not in self._workers or self._stopping.is_set():
            return
        self._workers.remove(worker)
        if not self._was_ready:
            # It has reported why; the next one would fail for the same reason.
            self._has_failed = True
            self._stopping.set()
            return
        self._replaced += 1
        log.error("worker.died", pid=worker.pid, code=code)
        await self._replace(immediately=worker.is_ready)

    async def _replace(self, *, immediately: bool) -> None:
        """Start another worker; back off where the last one never became ready, for example without its database."""
        self._backoff = _MIN_BACKOFF_S if immediately else min(2 * self._backoff, _MAX_BACKOFF_S)
        if not immediately:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._backoff)
        if not self._stopping.is_set():
            self._workers.append(await self._start())

    async def _kill_silent(self) -> None:
        """Kill workers without reports. Time during which this process was suspended itself does not count."""
        loop = asyncio.get_running_loop()
        checked_at = loop.time()
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            now = loop.time()
            for worker in self._watchers:
                if now - checked_at > 2 * CHECK_INTERVAL_S:
                    worker.reported_at = now
                elif now - worker.reported_at > (REPORT_TIMEOUT_S if worker.is_ready else READY_TIMEOUT_S):
                    log.error("worker.silent", pid=worker.pid)
                    worker.kill()
            checked_at = now

    async def _reload_on_request(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            await self._reload_one_by_one()

    async def _reload_one_by_one(self) -> None:
        for old in list(self._workers):
            new = await self._start()
            await asyncio.wait(
                [asyncio.create_task(new.ready.wait()), self._watchers[new]], return_when=asyncio.FIRST_COMPLETED
            )
            if not new.is_ready:
                log.error("reload.failed", pid=new.pid, reason=f"{new.failure} The old workers keep running.")
                return
            if old not in self._workers:
                # It has died meanwhile, and its replacement is a new worker as well.
                new.terminate()
                continue
            self._workers[self._workers.index(old)] = new
            # One at a time: a machine has memory for one more worker, not for twice as many.
            await self._stop_worker(old)
        log.info("reloaded", workers=len(self._workers))

    async def _stop(self) -> None:
        await asyncio.gather(*(self._stop_worker(worker) for worker in list(self._watchers)))

    async def _stop_worker(self, worker: WorkerProcess) -> None:
        worker.terminate()
        watcher = self._watchers.get(worker)
        if watcher is not None and not (await asyncio.wait([watcher], timeout=STOP_TIMEOUT_S))[0]:
            log.error("worker.killed", pid=worker.pid)
            worker.kill()
            await watcher

    def _total(self) -> Counts:
        """The counts of all workers, including those that have ended."""
        total = Counts()
        total.add(self._ended)
        for worker in self._watchers:
            total.add(worker.counts)
        total.gauges["linkxg_workers"] = Gauge("Worker processes.", len(self._workers))
        total.gauges["linkxg_workers_replaced"] = Gauge("Workers that died since the start.", self._replaced)
        return total
