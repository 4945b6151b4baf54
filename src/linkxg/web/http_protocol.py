"""What may one connection cost before it has asked anything?

uvicorn's httptools protocol with bounds that it lacks: on connections in all and per source, on the size of the
header block, on the time until headers and body are complete (ASVS 13.1.2), and on the time that a TLS peer takes
to part. A request that arrives in one piece starts no timer.
"""

import asyncio
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from linkxg.web.exchange import MORE_TIME
from linkxg.web.source import source_key

CONNECTIONS = 4_096
CONNECTIONS_PER_SOURCE = 256
HEADER_BYTES = 32 * 1024
REQUEST_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
LINGER_SECONDS = 0.5
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose requests are too large or too slow.

    `leaving` is set when the process ends: each connection then gets one more answer, with `Connection: close`, if its
    request is under way or comes within a moment. Closed at once, it might cut off a request that is on the wire.
    """

    leaving: ClassVar[bool] = False
    _open: ClassVar[Counter[str]] = Counter()
    _peer = ""
    _header_bytes = 0
    _reading_headers = True
    _reading_body = False
    _idle_since = 0.0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._peer = source_key(peer[0]) if peer else ""
        self._open[self._peer] += 1
        crowded = self._open[self._peer] > CONNECTIONS_PER_SOURCE and not self.app.speaks_for_many(self._peer)
        if crowded or self._open.total() > CONNECTIONS:
            transport.close()
        else:
            self._wait()
            if self.leaving:
                self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super()._unset_keepalive_if_required()
        self._open[self._peer] -= 1
        if not self._open[self._peer]:
            del self._open[self._peer]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._reading_headers:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._reading_headers and self._header_bytes > HEADER_BYTES:
            self._calm()
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._patience is None and (self._reading_body or self._header_bytes):
            self._wait()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(self.app.refuse_malformed(self.client, self.server_state.default_headers))
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._reading_headers = False
        self._reading_body = True
        self._calm()
        self.start_request()

    def start_request(self) -> None:
        """The header fields are complete: whoever answers may begin."""
        # A large block may come in one piece: the request is then whole, and the edge refuses it.
        if self._header_bytes > HEADER_BYTES and self._header_length() > HEADER_BYTES:
            self.scope["headers_too_large"] = True  # type: ignore[typeddict-unknown-key]
        self.scope[MORE_TIME] = self._more_time  # type: ignore[literal-required]
        super().on_headers_complete()
        if self.leaving:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._request_is_read()
        super().on_message_complete()

    def _request_is_read(self) -> None:
        self._reading_body = False
        self._reading_headers = True
        self._header_bytes = 0
        self._calm()

    def on_response_complete(self) -> None:
        # As uvicorn's, which makes a timer for each idle moment; here one timer looks how long the last one has been.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._limit_goodbye()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
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
        elif not self.transport.is_closing():
            self.transport.close()

    def _unset_keepalive_if_required(self) -> None:
        """Data has arrived: the timer goes on."""

    def shutdown(self) -> None:
        if self._is_idle():
            self.loop.call_later(LINGER_SECONDS, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _close_if_idle(self) -> None:
        if self._is_idle() and not self._header_bytes and not self.transport.is_closing():
            self.transport.close()
            self._limit_goodbye()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _limit_goodbye(self) -> None:
        # Of a TLS peer that leaves close_notify unanswered uvloop would wait half a minute, and a stop with it.
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)

    def _header_length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _more_time(self) -> None:
        if self._reading_body:
            self._calm()
            self._wait()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.close()
