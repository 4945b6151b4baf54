"""The fast path: requests that arrive complete are answered without ASGI or a task.

The endpoints of the edge (`docs/decisions/0002-edge-before-router.md`) bypass ASGI if a request arrives in one piece on
an idle connection, as nearly all do: see `docs/decisions/0017-requests-answered-at-once.md`. Any other request takes
uvicorn's path to the edge.
"""

from typing import Any, ClassVar

from linkxg.http.application import BufferedRequest
from linkxg.runtime.eager_start import EagerStarter
from linkxg.server.protocol import HEADER_BYTES, BoundedHttpProtocol


class FastPathProtocol(BoundedHttpProtocol):
    """Passes complete requests with an `app.fast_route` to `app.answer`, which returns the bytes of the response."""

    _begin: ClassVar = staticmethod(EagerStarter().add)
    __slots__ = ("_arriving",)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._arriving: BufferedRequest | None = None

    def _parse(self, data: bytes) -> None:
        BoundedHttpProtocol._parse(self, data)
        if self._arriving is None:
            return
        body, self._arriving = self._arriving.body, None
        # The body comes in pieces, unless the request was malformed and is refused already.
        if not self._ended:
            self._fall_back_to_asgi()
            if body:
                super().on_body(body)

    def on_message_begin(self) -> None:
        # Only what the parser fills; a scope is made when it is needed.
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._host = self._coding = None
        self._hosts = 0

    def _fall_back_to_asgi(self) -> None:
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expect
        self.headers += headers
        super().start_request()

    def start_request(self) -> None:
        route = self.app.fast_route(self.parser.get_method(), self.url, self.headers)
        if (
            route is None
            or self._version != "1.1"
            or self._fault is not None
            or self.expect_100_continue
            or self._header_bytes > HEADER_BYTES
            or not self._is_idle()
        ):
            self._fall_back_to_asgi()
            return
        self._arriving = BufferedRequest(route, self.headers, self.client, self.scheme or "")

    def on_body(self, body: bytes) -> None:
        if self._arriving is None:
            super().on_body(body)
        else:
            self._header_bytes = 0
            self._arriving.body += body

    def on_message_complete(self) -> None:
        if self._arriving is None:
            super().on_message_complete()
            return
        if not self._ends_message():
            return
        request, self._arriving = self._arriving, None
        request.keep_alive = not (self._ended or self.leaving)
        self.cycle: Any = request
        self._begin(self._answer(request))

    async def _answer(self, request: BufferedRequest) -> None:
        try:
            response = await self.app.answer(request, self.server_state.default_headers)
            if self.flow.write_paused:
                await self.flow.drain()
        except BaseException:
            self.transport.close()
            raise
        request.response_complete = True
        # Only the newest request of a connection is notified of its loss.
        if request.disconnected or self.parser is None:
            return
        self.transport.write(response)
        if not request.keep_alive:
            self._end_connection()
        self.on_response_complete()
