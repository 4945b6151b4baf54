"""Flow control of one connection in both directions.

Reading stays paused while pipelined requests wait. The connection is aborted if the peer reads nothing of its answers
for `WRITE_SECONDS`, or leaves `close_notify` unanswered (ASVS 13.1.2).
"""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

WRITE_SECONDS = 20.0
CHECK_SECONDS = 1.0
_NO_LINGERING = struct.pack("ii", 1, 0)


class ConnectionFlow(FlowControl):
    """uvicorn's flow control with a deadline for writes; `held` keeps reading paused."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(transport)
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._progress_at = 0.0
        self.held = False

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.watch()

    def watch(self) -> None:
        """Abort the connection if the write buffer does not shrink within the deadline."""
        if self._timer is None:
            self._unsent = self._transport.get_write_buffer_size()
            self._progress_at = self._loop.time()
            self._timer = self._loop.call_later(CHECK_SECONDS, self._check)

    def stop(self) -> None:
        """The connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        is_closing = self._transport.is_closing()
        if not (self.write_paused or is_closing):
            return
        now, unsent = self._loop.time(), self._transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._progress_at = now
        self._unsent = unsent
        # uvloop would wait half a minute for close_notify, and delay a shutdown.
        if now - self._progress_at >= WRITE_SECONDS or (is_closing and not unsent):
            self._abort()
        else:
            self._timer = self._loop.call_later(CHECK_SECONDS, self._check)

    def _abort(self) -> None:
        # Otherwise the kernel would keep sending what was written.
        with contextlib.suppress(OSError):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self._transport.abort()
