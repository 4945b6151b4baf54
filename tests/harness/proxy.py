"""A TCP proxy that cuts a process off from the network without notice."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from harness.processes import free_port


class Proxy:
    """Passes bytes on from a loopback port to another one. While it is cut nothing passes, and nothing is closed."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Proxy:
        started = threading.Event()
        self._loop.call_soon(lambda: self._begin(started))
        self._thread.start()
        started.wait()
        return self

    def _run(self) -> None:
        self._loop.run_forever()

    def _begin(self, started: threading.Event) -> None:
        async def begin() -> None:
            self._passing = asyncio.Event()
            self._passing.set()
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            started.set()

        self._task = self._loop.create_task(begin())

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._passing.clear)

    def heal(self) -> None:
        """What was sent meanwhile arrives late, as TCP has it."""
        self._loop.call_soon_threadsafe(self._passing.set)

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while content := await source.read(65_536):
                await self._passing.wait()
                target.write(content)
                await target.drain()
        target.close()
