"""What happens to every request, whoever answers it?

The outermost ASGI application: it gives the request an id and a source, answers the few hot endpoints itself (see
`docs/decisions/0002-edge-before-router.md`), hands everything else to the router, adds the headers that every response
carries, counts it and writes its one log line.
"""

import itertools
import os
import time
from collections.abc import Mapping

from linkxg.errors import InvalidRequest, MethodNotAllowed, NotFound, PublicError
from linkxg.web.exchange import MORE_TIME, NO_STORE, Exchange, Headers, RawEndpoint, Receive, Reply, Scope, Send
from linkxg.web.http_protocol import Cycle, cycle_of, write_whole
from linkxg.web.logs import RequestLog
from linkxg.web.metrics import Metrics
from linkxg.web.refusals import Refusals
from linkxg.web.source import Sources, refuse_plain_http

RawRoutes = Mapping[str, Mapping[str, RawEndpoint]]
_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})
# HEAD is GET without the content, which the HTTP server leaves out (RFC 9110 §9.3.2). OPTIONS is no method of ours: the
# router would answer it by itself, to strangers and with the wrong list, so it gets a name that no route has.
_TAKEN_AS = {"HEAD": "GET", "OPTIONS": "NONE"}
# The reference page brings its own policy; JSON needs none of the browser's powers.
_JSON_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Edge:
    """`inner` is the router; `raw` maps path → method → endpoint for what is answered here."""

    def __init__(
        self,
        inner: object,
        raw: RawRoutes,
        *,
        sources: Sources,
        refusals: Refusals,
        metrics: Metrics,
        strict_transport: bool,
    ) -> None:
        self.inner = inner
        self.raw = raw
        self._sources = sources
        self._refusals = refusals
        self._metrics = metrics
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count(1)
        self._log = RequestLog().write
        # Per constant fields of an endpoint, for as long as the server's own fields (the date) are the same.
        self._heads: dict[tuple[tuple[bytes, bytes], ...], bytes] = {}
        self._dated: Headers = []
        self._always: Headers = [(b"x-content-type-options", b"nosniff")]
        if strict_transport:
            self._always.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))

    def speaks_for_many(self, peer: str) -> bool:
        """Whether connections from `peer` are those of many callers: a trusted proxy's, or this machine's own."""
        return self._sources.speaks_for_many(peer)

    def answers(self, path: str) -> bool:
        """Whether requests for `path` are answered here: mostly out of memory, so that they need no task."""
        return path in self.raw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)  # type: ignore[operator]
            return
        started = time.perf_counter()
        headers = scope["headers"]
        source, may_serve = self._sources.read(scope, headers)
        method, path = scope["method"], scope["path"]
        exchange = Exchange(
            method if method in _METHODS else "OTHER",
            f"{self._prefix}{next(self._numbers):08x}",
            source,
            headers,
            receive,
            scope["query_string"],
        )
        methods = self.raw.get(path)
        refused = self._refused(scope, path, may_serve=may_serve)
        if refused is not None:
            status = await self._send(self._refusals.reply(refused, exchange, path), exchange, send)
        elif methods is None:
            exchange.more_time = scope.get(MORE_TIME, exchange.more_time)
            status = await self._through(scope, exchange, send)
        else:
            exchange.route = path
            cycle = cycle_of(send)
            if cycle is not None and not cycle.more_body:
                exchange.whole = bytes(cycle.body)
            reply = await self._answer(methods, method, exchange, path)
            status = 200 if self._write(reply, exchange, cycle) else await self._send(reply, exchange, send)
        self._record(exchange, status, time.perf_counter() - started)

    def _refused(self, scope: Scope, path: str, *, may_serve: bool) -> PublicError | None:
        """Why nothing is to look at this request at all."""
        if not may_serve:
            return refuse_plain_http()
        if "headers_too_large" in scope:
            return InvalidRequest("The header fields are too large.")
        # No address here contains NUL, and PostgreSQL takes it in no text.
        return NotFound() if "\0" in path else None

    async def _answer(self, methods: Mapping[str, RawEndpoint], method: str, exchange: Exchange, path: str) -> Reply:
        try:
            endpoint = methods.get(method)
            if endpoint is None:
                raise MethodNotAllowed(headers={"Allow": ", ".join(methods)})
            return await endpoint(exchange)
        except PublicError as error:
            return self._refusals.reply(error, exchange, path)
        except Exception as fault:  # noqa: BLE001  the last line of defence: every caller gets a JSON answer
            return self._refusals.unexpected(fault, exchange, path)

    def _write(self, reply: Reply, exchange: Exchange, cycle: Cycle | None) -> bool:
        """Send a success whose header fields are constants at once, if the HTTP server can take it so."""
        if cycle is None or reply.status != 200 or not isinstance(reply.headers, tuple):
            return False
        if cycle.default_headers is not self._dated:
            self._dated = cycle.default_headers
            self._heads.clear()
        head = self._heads.get(reply.headers)
        if head is None:
            fields = [*self._dated, *self._fields(reply)]
            head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields)
            self._heads[reply.headers] = head
        numbers = b"content-length: %d\r\nx-request-id: %b\r\n" % (len(reply.body), exchange.request_id.encode())
        return write_whole(cycle, head + numbers, reply.body)

    def _fields(self, reply: Reply) -> Headers:
        """The reply's header fields and those that every response carries."""
        fields = [*reply.headers, *self._always]
        return fields if any(name == b"cache-control" for name, _ in fields) else fields + NO_STORE

    async def _send(self, reply: Reply, exchange: Exchange, send: Send) -> int:
        headers: Headers = [
            *self._fields(reply),
            (b"content-length", str(len(reply.body)).encode()),
            (b"x-request-id", exchange.request_id.encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        return reply.status

    async def _through(self, scope: Scope, exchange: Exchange, send: Send) -> int:
        if scope["method"] in _TAKEN_AS:
            scope = {**scope, "method": _TAKEN_AS[scope["method"]]}
        scope["linkxg"] = exchange
        status = 500

        async def send_with_headers(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [
                    *message["headers"],
                    *self._always,
                    (b"x-request-id", exchange.request_id.encode()),
                ]
                names = {name for name, _ in headers}
                if b"cache-control" not in names:
                    headers += NO_STORE
                if b"content-security-policy" not in names:
                    headers.append(_JSON_POLICY)
                message["headers"] = headers
            await send(message)

        await self.inner(scope, exchange.receive, send_with_headers)  # type: ignore[operator]
        exchange.route = scope.get("path_template") or exchange.route
        return status

    def _record(self, exchange: Exchange, status: int, seconds: float) -> None:
        self._metrics.request(exchange.method, exchange.route, status, seconds)
        self._log(
            {
                "event": "request",
                "request_id": exchange.request_id,
                "method": exchange.method,
                "route": exchange.route,
                "status": status,
                "ms": round(seconds * 1000, 3),
                "source": exchange.source,
                **exchange.notes,
            }
        )
