"""The supervisor of the workers of one service.

A parent process that holds the listening sockets and answers nothing itself. A worker that dies is replaced, one that
sends no heartbeat is killed first. SIGHUP replaces them one by one, each only once its successor answers; SIGTERM and
SIGINT end them all when they have finished. Connections wait in the sockets' queue meanwhile and are never refused.
"""

import asyncio
import contextlib
import signal
import socket

from linkxg.http.logs import log
from linkxg.http.metrics import Counts, Gauge
from linkxg.server.uvicorn_config import SHUTDOWN_S
from linkxg.server.worker_process import WorkerProcess

READY_S = 60.0
SILENT_S = 30.0
STOP_S = SHUTDOWN_S + 8.0
CHECK_S = 1.0
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0


class Supervisor:
    """`count` workers on `listeners`."""

    def __init__(self, listeners: list[socket.socket], count: int) -> None:
        self._listeners = listeners
        self._count = count
        # Those in service, starting ones included; `_followers` has those that are ending or not in service yet, too.
        self._workers: list[WorkerProcess] = []
        self._followers: dict[WorkerProcess, asyncio.Task[None]] = {}
        self._ended = Counts()
        self._replaced = 0
        self._pause = _SHORTEST_PAUSE_S
        self._has_started = self._has_failed = False

    async def run(self) -> bool:
        """Run until a signal ends the service; false if the first worker could not start."""
        loop = asyncio.get_running_loop()
        self._stopping, self._reload = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        for _ in range(self._count):
            self._workers.append(await self._start())
        watchers = [asyncio.create_task(self._watch_for_silence()), asyncio.create_task(self._reload_on_signal())]
        await self._stopping.wait()
        for task in watchers:
            task.cancel()
        await self._stop()
        return not self._has_failed

    async def _start(self) -> WorkerProcess:
        worker = await WorkerProcess.start(self._listeners)
        self._followers[worker] = asyncio.create_task(self._follow(worker))
        return worker

    async def _follow(self, worker: WorkerProcess) -> None:
        """Follow a worker to its end, and replace it if it was in service."""
        code = await worker.follow(self._gather)
        self._ended.add(worker.counts, gauges=False)
        del self._followers[worker]
        self._has_started = self._has_started or worker.is_ready or any(each.is_ready for each in self._workers)
        if worker not in self._workers or self._stopping.is_set():
            return
        self._workers.remove(worker)
        if not self._has_started:
            # It has reported why; the next one would fail the same way.
            self._has_failed = True
            self._stopping.set()
            return
        self._replaced += 1
        log.error("worker.died", pid=worker.pid, code=code)
        await self._replace(at_once=worker.is_ready)

    async def _replace(self, *, at_once: bool) -> None:
        """Start a worker; wait longer each time if the last one never answered, as without its database."""
        self._pause = _SHORTEST_PAUSE_S if at_once else min(2 * self._pause, _LONGEST_PAUSE_S)
        if not at_once:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._pause)
        if not self._stopping.is_set():
            self._workers.append(await self._start())

    async def _watch_for_silence(self) -> None:
        """Kill workers that send no heartbeat. Time in which this process was frozen as well does not count."""
        loop = asyncio.get_running_loop()
        looked_at = loop.time()
        while True:
            await asyncio.sleep(CHECK_S)
            now = loop.time()
            for worker in self._followers:
                if now - looked_at > 2 * CHECK_S:
                    worker.last_report_at = now
                elif now - worker.last_report_at > (SILENT_S if worker.is_ready else READY_S):
                    log.error("worker.silent", pid=worker.pid)
                    worker.kill()
            looked_at = now

    async def _reload_on_signal(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            await self._reload_one_by_one()

    async def _reload_one_by_one(self) -> None:
        for old in list(self._workers):
            new = await self._start()
            await asyncio.wait(
                [asyncio.create_task(new.ready.wait()), self._followers[new]], return_when=asyncio.FIRST_COMPLETED
            )
            if not new.is_ready:
                log.error("reload.failed", pid=new.pid, reason=f"{new.failure} The old workers keep running.")
                return
            if old not in self._workers:
                # It has died meanwhile, and its replacement is new as well.
                new.terminate()
                continue
            self._workers[self._workers.index(old)] = new
            # One at a time: the machine has memory for one more worker, not for twice as many.
            await self._retire(old)
        log.info("reloaded", workers=len(self._workers))

    async def _stop(self) -> None:
        await asyncio.gather(*(self._retire(worker) for worker in list(self._followers)))

    async def _retire(self, worker: WorkerProcess) -> None:
        worker.terminate()
        end = self._followers.get(worker)
        if end is not None and not (await asyncio.wait([end], timeout=STOP_S))[0]:
            log.error("worker.killed", pid=worker.pid)
            worker.kill()
            await end

    def _gather(self) -> Counts:
        """The counts of all workers, including those that have ended."""
        total = Counts()
        total.add(self._ended)
        for worker in self._followers:
            total.add(worker.counts)
        total.gauges["linkxg_workers"] = Gauge("Worker processes.", len(self._workers))
        total.gauges["linkxg_workers_replaced"] = Gauge("Workers that died since the start.", self._replaced)
        return total
