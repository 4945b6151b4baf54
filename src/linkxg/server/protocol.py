"""HTTP/1.1 as uvicorn's httptools protocol reads it, with the bounds and refusals that it lacks.

Bounds on the size of the header block and of trailer fields and on pipelined requests (ASVS 13.1.2). An answer that
is given before the body is complete ends the connection (RFC 9112 §9.6). Offers to upgrade are declined (RFC 9110
§7.8), trailer fields are dropped (§6.5.1).
"""

from typing import Any

import httptools

from linkxg.errors import HeaderFieldsTooLarge, InvalidRequest, PublicError
from linkxg.http.request_context import EXTEND_DEADLINE, FAULT
from linkxg.server.connection import DRAIN_BYTES, BoundedConnection
from linkxg.server.request_head import SPECIAL, find_fault, find_target_fault

HEADER_BYTES = 32 * 1024
HEADER_FIELDS = 200
PIPELINED = 8
_EMPTY_LINE = b"\r\n\r\n"
_CHUNKED_PIECE = 512
"""Minimum of a chunked body that is parsed together: few requests fit in what may follow its end."""
_MEASURED = HEADER_BYTES // 2
"""A head may begin in one piece and end in the next; below this size in each it cannot be too large."""


class BoundedHttpProtocol(BoundedConnection):
    """Reads one request at a time and refuses what is too large or not HTTP, each in its turn."""

    __slots__ = (
        "_body_bytes", "_coding", "_fault", "_host", "_hosts", "_measures_head", "_reading_headers", "_refusal",
        "_trailer_bytes", "_version",
    )  # fmt: skip

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reading_headers = True
        self._trailer_bytes = 0
        self._body_bytes = 0
        # The size of the input no longer bounds that of the head.
        self._measures_head = False
        self._version = "1.1"
        self._hosts = 0
        self._host: bytes | None = None
        self._coding: bytes | None = None
        self._fault: PublicError | None = None
        self._refusal: PublicError | None = None

    def data_received(self, data: bytes) -> None:
        if self._ended:
            self._discard(len(data))
            return
        if self._held or len(self.pipeline) >= PIPELINED or data.count(_EMPTY_LINE) > 1:
            self._held += data
            self._read_held()
        else:
            self._parse(data)

    def _read_held(self) -> None:
        """Parse held input until enough requests wait.

        A piece ends with the first empty line, so the parser never gets many requests at once. Empty lines in bodies
        end no piece, or their number would determine the cost of a body.
        """
        data, self._held, start = self._held, b"", 0
        while start < len(data) and len(self.pipeline) < PIPELINED:
            if self._ended or self.transport.is_closing():
                return
            end = self._find_end(data, start)
            self._parse(data[start:end])
            start = end
        self._held = data[start:]
        self._hold()

    def _find_end(self, data: bytes, start: int) -> int:
        """Where the piece ends that begins at `start`."""
        if self._reading_body:
            length = next((value for name, value in self.headers if name == b"content-length"), None)
            if length is not None:
                return start + int(length) - self._body_bytes
            start += _CHUNKED_PIECE - len(_EMPTY_LINE)
        end = data.find(_EMPTY_LINE, start)
        return len(data) if end < 0 else end + len(_EMPTY_LINE)

    def _hold(self) -> None:
        self.flow.held = bool(self._held or self.pipeline) or self._discarded > DRAIN_BYTES
        if self.flow.held and not self.transport.is_closing():
            self.flow.pause_reading()

    def _parse(self, data: bytes) -> None:
        # The next part of a body resets this; chunk extensions and trailer fields do not.
        size = self._header_bytes + len(data)
        self._header_bytes = size
        if size > _MEASURED:
            self._measures_head = True
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as stop:
            self._on_stop(data, stop)
        if self._ended:
            return
        if self._header_bytes > HEADER_BYTES:
            self._refuse(HeaderFieldsTooLarge())
        elif self._reading_body or self._header_bytes:
            if self._reading_headers and self._is_simple_request(data):
                self._refuse(InvalidRequest("The request is not valid HTTP."))
            elif self._reading_headers and self.headers and len(self.headers) > HEADER_FIELDS:
                self._refuse(HeaderFieldsTooLarge())
            elif self._deadline is None:
                self._arm_deadline()

    def _is_simple_request(self, data: bytes) -> bool:
        """Whether a head is one of HTTP/0.9, which ends with its first line; the parser notices it only later."""
        is_line = self._header_bytes == len(data) and data.endswith(b"\r\n") and b" HTTP/" not in data
        return self.parser.get_http_version() == "0.9" or (is_line and not data.isspace())

    def _feed(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as stop:
            self._on_stop(data, stop)

    def _on_stop(self, data: bytes | memoryview, stop: Exception) -> None:
        if isinstance(stop, httptools.HttpParserUpgrade):
            self._decline_upgrade(memoryview(data)[stop.args[0] :])
        else:
            self._refuse(InvalidRequest("The request is not valid HTTP."))

    def _decline_upgrade(self, rest: memoryview) -> None:
        """Parse the same request without the offer, at which the parser stops (RFC 9110 §7.8)."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            # What follows has no framing of its own (RFC 9110 §9.3.6): the connection ends with the answer.
            self._refuse(InvalidRequest("This service is not a proxy: CONNECT is not supported."))
            return
        line = b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())
        fields = b"".join(b"%b: %b\r\n" % field for field in self.headers)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._feed(b"%b%b\r\n" % (line, fields))
        if rest and not self._ended:
            self._feed(rest)

    # -- what the parser finds ----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._start_head()

    def _start_head(self) -> None:
        self._host = self._coding = None
        self._hosts = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading_body:
            # A trailer field, never merged into the header fields (RFC 9110 §6.5.1).
            # Its pieces have been counted as they came, with what is behind it; whole, it counts for itself.
            self._trailer_bytes += len(name) + len(value) + 4
            self._header_bytes = self._trailer_bytes
            return
        name = name.lower()
        if name in SPECIAL:
            if name == b"host":
                self._host = value
                self._hosts += 1
            elif name == b"transfer-encoding":
                # Several lines are one list (RFC 9110 §5.3).
                self._coding = value if self._coding is None else b"%b, %b" % (self._coding, value)
            elif name == b"upgrade":
                return
            elif value.lower() == b"100-continue":
                self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        # The head of an offer to upgrade is read again, without the offer.
        if self._ended or self._reading_body or self.parser.should_upgrade():
            return
        self._reading_headers = False
        self._reading_body = True
        if self._deadline is not None:
            self._reset_deadline()
        self._version = self.parser.get_http_version()
        # A large block may come in one piece: the request is then whole, and the edge refuses it.
        if len(self.headers) > HEADER_FIELDS or (self._measures_head and self._head_length() > HEADER_BYTES):
            self._fault = HeaderFieldsTooLarge()
        else:
            self._fault = find_fault(self._version, self._hosts, self._host, self._coding)
        self.start_request()
        self._header_bytes = 0

    def start_request(self) -> None:
        """The head is complete: the application may answer."""
        self._body_bytes = 0
        if self._fault is None:
            self._fault = find_target_fault(self.url)
        if self._fault is not None:
            self.scope[FAULT] = self._fault  # type: ignore[literal-required]
        self.scope[EXTEND_DEADLINE] = self._extend_deadline  # type: ignore[literal-required]
        super().on_headers_complete()
        self._has_cycle = True
        # Until the body is complete, whatever is answered ends the connection.
        self.cycle.keep_alive = False
        self.cycle.transport = self._response_transport  # type: ignore[assignment]
        if self.pipeline:
            self._hold()

    def on_body(self, body: bytes) -> None:
        if self._reading_body:
            self._header_bytes = 0
            self._body_bytes += len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._ends_message():
            if not self.cycle.response_started:
                self.cycle.keep_alive = not (self._ended or self.leaving or self._version == "1.0")
            super().on_message_complete()

    def _ends_message(self) -> bool:
        """Whether a message is complete; not an offer to upgrade, nor one with too many trailer fields."""
        if not self._reading_body or self._header_bytes > HEADER_BYTES:
            return False
        self._ended = not self.parser.should_keep_alive()
        self._has_cycle = False
        self._reading_body = False
        self._reading_headers = True
        self._header_bytes = self._trailer_bytes = 0
        if self._deadline is not None:
            self._reset_deadline()
        return True

    # -- answers ------------------------------------------------------------------------------------------

    def _refuse(self, error: PublicError) -> None:
        """Answer a malformed request in its turn, and close the connection."""
        self._ended = True
        self._reset_deadline()
        if self._has_cycle and self.pipeline:
            # The request that breaks off is the newest; those before it are answered first.
            self.pipeline.popleft()
            self._refusal = error
        elif self._has_cycle and self.cycle.response_started:
            self._close()
        elif self._has_cycle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._send_refusal(error)
        elif self._is_idle():
            self._send_refusal(error)
        else:
            self._refusal = error

    def _send_refusal(self, error: PublicError) -> None:
        self.transport.write(self.app.refuse(error, self.client, self.server_state.default_headers))
        self._linger()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self._response_transport is not None:
            self._response_transport.end_response()
        if self._lingering or self.parser is None:
            # Nothing more is answered, or the connection is lost.
            return
        if self.transport.is_closing():
            self.flow.watch()
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._send_refusal(self._refusal)
            return
        else:
            self._start_idling()
        flow = self.flow
        if self._held:
            self._read_held()
        elif flow.held:
            self._hold()
        if flow.read_paused:
            flow.resume_reading()

    def _head_length(self) -> int:
        """The size of the head with the shortest line breaks and without optional white space."""
        return len(self.url) + sum(len(name) + len(value) + len(b":\r\n") for name, value in self.headers)

    def _extend_deadline(self) -> None:
        if self._reading_body:
            self._reset_deadline()
            self._arm_deadline()
