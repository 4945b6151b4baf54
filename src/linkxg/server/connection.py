"""One connection of uvicorn's httptools protocol, with bounds on its life.

Bounds on connections in all and per source, on the time until headers and body are complete, on idleness and on
unanswered writes (ASVS 13.1.2). A request that arrives in one piece starts no timer.
"""

import asyncio
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from linkxg.http.application import HttpApplication
from linkxg.http.client_ip import source_key
from linkxg.server.flow_control import ConnectionFlow
from linkxg.server.response_transport import ResponseTransport

CONNECTIONS = 4_096
CONNECTIONS_PER_SOURCE = 256
REQUEST_SECONDS = 10.0
LINGER_SECONDS = 0.5
DRAIN_SECONDS = 1.5
DRAIN_BYTES = 128 * 1024
"""Read and dropped of what a peer still sends when its connection is about to end; more of it is not read."""


class BoundedConnection(HttpToolsProtocol):
    """Counts connections and closes those that are too slow or idle for too long.

    `leaving` is set at shutdown: each connection then gets one more answer, with `Connection: close`, if its request is
    in progress or arrives within a moment. Closing at once could cut off a request on the wire.
    """

    leaving: ClassVar[bool] = False
    _open: ClassVar[Counter[str]] = Counter()
    app: HttpApplication
    flow: ConnectionFlow
    # Slots are faster than the dictionary of uvicorn's protocol.
    __slots__ = (
        "_deadline", "_discarded", "_ended", "_has_cycle", "_header_bytes", "_held", "_idle_since", "_lingering",
        "_peer", "_reading_body", "_response_transport",
    )  # fmt: skip

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._peer = ""
        # Of the head that is being read, or framing and trailer fields since the last part of a body.
        self._header_bytes = 0
        # Nothing more is read after the last request, or after a refusal.
        self._ended = False
        self._held = b""
        self._reading_body = False
        # Whether the present message has a cycle of uvicorn's.
        self._has_cycle = False
        # The last answer is written; the peer gets a moment to read it.
        self._lingering = False
        self._discarded = 0
        self._response_transport: ResponseTransport | None = None
        self._idle_since = 0.0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = ConnectionFlow(transport, self.loop)
        self._response_transport = ResponseTransport(transport, self._end_connection, self.loop)
        peer = transport.get_extra_info("peername")
        self._peer = source_key(peer[0]) if peer else ""
        self._open[self._peer] += 1
        crowded = self._open[self._peer] > CONNECTIONS_PER_SOURCE and not self.app.is_shared_source(self._peer)
        if crowded or self._open.total() > CONNECTIONS:
            transport.close()
        else:
            self._arm_deadline()
            if self.leaving:
                self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reset_deadline()
        self.flow.stop()
        self._held = b""
        if self._response_transport is not None:
            self._response_transport.lose()
            self._response_transport = None
        super()._unset_keepalive_if_required()
        self._open[self._peer] -= 1
        if not self._open[self._peer]:
            del self._open[self._peer]
        super().connection_lost(exc)

    # -- ends ---------------------------------------------------------------------------------------------

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
            self.flow.watch()

    def _end_connection(self) -> None:
        """Close the connection after its last answer, or linger if there is more to read."""
        if self._reading_body or self._discarded or self._held or self.pipeline:
            if self._has_cycle:
                self.cycle.body.clear()
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """End the connection so that the peer can still read its answer while it is sending (RFC 9112 §9.6)."""
        self._ended = True
        self._held = b""
        self._reset_deadline()
        if self._lingering or self.transport.is_closing():
            return
        self._lingering = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(DRAIN_SECONDS, self._close)
        if self._discarded <= DRAIN_BYTES:
            self.flow.held = False
            self.flow.resume_reading()

    def _discard(self, size: int) -> None:
        """Count bytes after the end; a reset would discard the answer before the peer has read it."""
        self._discarded += size
        if self._discarded > DRAIN_BYTES:
            self.flow.held = True
            self.flow.pause_reading()

    def shutdown(self) -> None:
        if self._is_idle():
            self.loop.call_later(LINGER_SECONDS, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _close_if_idle(self) -> None:
        if self._is_idle() and not self._header_bytes:
            self._close()

    # -- idleness -----------------------------------------------------------------------------------------

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_idling(self) -> None:
        # Unlike uvicorn, which starts a timer for each idle period: one timer checks the length of the last one.
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch_idleness(self.timeout_keep_alive)

    def _watch_idleness(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if not self._is_idle() or self._header_bytes:
            return
        if left > 0:
            self._watch_idleness(left)
        else:
            self._close()

    def _unset_keepalive_if_required(self) -> None:
        """Data has arrived: the timer goes on."""

    # -- the deadline of a request ------------------------------------------------------------------------

    def _arm_deadline(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._on_deadline)

    def _reset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        self._deadline = None
        if self.flow.held:
            # The peer is not slow: its earlier requests are being answered, and reading is paused.
            self._arm_deadline()
        else:
            self._close()
