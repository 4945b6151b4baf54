"""The outermost ASGI application, through which every request passes.

It gives the request an id and a source, answers the hot endpoints itself (`docs/decisions/0002-edge-before-router.md`),
passes everything else to the router, adds the header fields of every response, counts it and writes its log line.
"""

import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import HEADER_VALUE_RE, STATUS_LINE

from linkxg.errors import MethodNotAllowed, NotFound, PublicError
from linkxg.http.application import BufferedRequest, FastRoute, HttpApplication
from linkxg.http.body_style import BodyStyle, StyleGroups
from linkxg.http.client_ip import ClientAddresses, refuse_plain_http
from linkxg.http.error_responses import ErrorResponses
from linkxg.http.forms import refuse_unknown
from linkxg.http.logs import RequestLog
from linkxg.http.metrics import Metrics
from linkxg.http.plain_http import PlainHttp
from linkxg.http.request_context import (
    EXTEND_DEADLINE,
    FAULT,
    NO_STORE,
    Headers,
    RawEndpoint,
    RawResponse,
    Receive,
    RequestContext,
    Scope,
    Send,
    receive_disconnect,
)
from linkxg.http.route_declaration import RawRoute, RawRoutes
from linkxg.ids import is_uuid


class FastRead(NamedTuple):
    """What answers a plain GET of an id: the parameter in the path, what follows it there, and whether for browsers."""

    parameter: str
    endpoint: RawEndpoint
    tail: str = ""
    answers_pages: bool = False


Reads = Sequence[tuple[str, FastRead]]
CrossOriginOptions = Callable[[str], Mapping[str, str] | None]
"""The header fields that answer OPTIONS of a path that pages of other origins may read; None for other paths."""
# Of a response without a policy of its own: JSON loads nothing, and no page may frame it.
_JSON_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})
# HEAD is GET without the content, which the HTTP server leaves out (RFC 9110 §9.3.2). The router
# would answer OPTIONS by itself, to strangers and with the wrong list, so it gets a name that no route has.
_ROUTED_AS = {"HEAD": "GET", "OPTIONS": "NONE"}


def _is_conditional(field: tuple[bytes, bytes]) -> bool:
    return field[0].startswith(b"if-")


def _is_for_router(field: tuple[bytes, bytes]) -> bool:
    return _is_conditional(field) or (field[0] == b"accept" and b"text/html" in field[1])


class Edge(HttpApplication):
    """`inner` is the router; `raw` maps path → method → endpoint for what is answered here.

    `reads` has paths, and what answers a plain GET of an id below each. The router has
    the same route: it describes it, and answers whatever is not plain. `cross_origin` answers OPTIONS of what everybody
    reads.
    """

    def __init__(
        self,
        inner: object,
        raw: RawRoutes,
        reads: Reads,
        *,
        sources: ClientAddresses,
        plain_http: PlainHttp,
        error_responses: ErrorResponses,
        metrics: Metrics,
        strict_transport: bool,
        groups: StyleGroups,
        cross_origin: CrossOriginOptions = lambda _: None,
    ) -> None:
        self.inner = inner
        self.raw = raw
        self._posts = {
            path.encode(): FastRoute("POST", path, "", methods["POST"], path.startswith(groups.oauth))
            for path, methods in raw.items()
            if "POST" in methods
        }
        self._reads = {
            (parent.encode(), read.tail.encode()): (f"{parent}/{{{read.parameter}}}{read.tail}", read)
            for parent, read in reads
        }
        self._tails = tuple(read.tail.encode() for _, read in reads if read.tail)
        self.groups = groups
        self._cross_origin = cross_origin
        self._sources = sources
        self._plain_http = plain_http
        self._error_responses = error_responses
        self._metrics = metrics
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count(1)
        self._log = RequestLog().write
        # By status and constant fields of an endpoint, for as long as the server's own fields (the date) are the same.
        self._heads: dict[tuple[int, tuple[tuple[bytes, bytes], ...]], bytes] = {}
        self._default_headers: Headers = []
        self._always: Headers = [(b"x-content-type-options", b"nosniff")]
        if strict_transport:
            self._always.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))

    def is_shared_source(self, peer: str) -> bool:
        """Whether `peer` connects for many callers: a trusted proxy, or this machine."""
        return self._sources.is_shared_source(peer)

    def fast_route(self, method: bytes, target: bytes, headers: Headers) -> FastRoute | None:
        if method == b"POST":
            return self._posts.get(target)
        if method == b"GET":
            tail = next((one for one in self._tails if target.endswith(one)), b"")
            parent, _, last = target.removesuffix(tail).rpartition(b"/")
            found, argument = self._reads.get((parent, tail)), last.decode("latin-1")
            # Conditional requests, those with parameters and most of those for pages are the router's.
            if found and is_uuid(argument):
                path, read = found
                is_routed = _is_conditional if read.answers_pages else _is_for_router
                if not any(map(is_routed, headers)):
                    return FastRoute("GET", path, argument, read.endpoint, False)
        return None

    async def answer(self, request: BufferedRequest, default_headers: Headers) -> bytes:
        started = time.perf_counter()
        source, may_serve = self._sources.read(request.client, request.scheme, request.headers)
        method, route, argument, endpoint, flat_errors = request.route
        context = RequestContext(
            method, self._next_request_id(), source, request.headers, receive_disconnect, whole=request.body
        )
        context.route, context.argument, context.flat_errors = route, argument, flat_errors
        if request.client is not None:
            context.peer = request.client[0]
        if may_serve:
            reply = await self._call(endpoint, context)
        else:
            reply = self._error_responses.reply(refuse_plain_http(), context)
        self._record(context, reply.status, time.perf_counter() - started)
        return self._encode(reply, context, default_headers, keep_alive=request.keep_alive)

    def refuse(self, error: PublicError, client: tuple[str, int] | None, default_headers: Headers) -> bytes:
        context = RequestContext("OTHER", self._next_request_id(), client[0] if client else "", [], receive_disconnect)
        # The path is unknown; every client understands this body.
        context.flat_errors = True
        reply = self._error_responses.reply(error, context)
        self._record(context, reply.status, 0.0)
        return self._encode(reply, context, default_headers, keep_alive=False)

    def _encode(
        self, reply: RawResponse, context: RequestContext, default_headers: Headers, *, keep_alive: bool
    ) -> bytes:
        numbers = b"content-length: %d\r\nx-request-id: %b\r\n" % (len(reply.body), context.request_id.encode())
        if context.answer_fields:
            numbers += b"".join(b"%b: %b\r\n" % field for field in context.answer_fields)
        end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
        return self._head(reply, default_headers) + numbers + end + reply.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)  # type: ignore[operator]
            return
        started = time.perf_counter()
        headers = scope["headers"]
        source, may_serve = self._sources.read(scope.get("client"), scope["scheme"], headers)
        method, path = scope["method"], scope["path"]
        label, query = method if method in _METHODS else "OTHER", scope["query_string"]
        context = RequestContext(label, self._next_request_id(), source, headers, receive, query)
        context.raw_path = scope["raw_path"]
        if scope.get("client"):
            context.peer = scope["client"][0]
        context.flat_errors = path.startswith(self.groups.oauth)
        context.scim_errors = path.startswith(self.groups.scim)
        context.epcis_errors = f"{path}/".startswith(self.groups.epcis)
        methods = self.raw.get(path)
        refused = self._early_refusal(scope, path, may_serve=may_serve)
        if refused is not None:
            status = await self._send(self._error_responses.reply(refused, context), context, send)
        elif method == "OPTIONS" and (fields := self._cross_origin(scope["raw_path"].decode("latin-1"))):
            context.route = "options"
            answered = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
            status = await self._send(RawResponse(204, b"", answered), context, send)
        elif methods is None:
            context.extend_deadline = scope.get(EXTEND_DEADLINE, context.extend_deadline)
            status = await self._call_router(scope, context, send)
        else:
            context.route = path
            status = await self._send(await self._answer_raw(methods, method, context), context, send)
        self._record(context, status, time.perf_counter() - started)

    def _next_request_id(self) -> str:
        return f"{self._prefix}{next(self._numbers):08x}"

    def _early_refusal(self, scope: Scope, path: str, *, may_serve: bool) -> PublicError | None:
        """The error of a request that neither an endpoint nor the router may see."""
        if not may_serve and not self._plain_http.allows(path, scope.get("client"), scope["headers"]):
            return refuse_plain_http()
        if FAULT in scope:
            fault: PublicError = scope[FAULT]
            fault.headers = {"Connection": "close"}
            return fault
        # No address here contains NUL, and PostgreSQL takes it in no text.
        return NotFound() if "\0" in path else None

    async def _answer_raw(self, methods: Mapping[str, RawRoute], method: str, context: RequestContext) -> RawResponse:
        try:
            endpoint = methods.get(method)
            if endpoint is None:
                raise MethodNotAllowed(headers={"Allow": ", ".join(methods)})
            if endpoint.declares.style is not BodyStyle.OAUTH:
                refuse_unknown(context.query, frozenset())
        except PublicError as error:
            return self._error_responses.reply(error, context)
        return await self._call(endpoint, context)

    async def _call(self, endpoint: RawEndpoint, context: RequestContext) -> RawResponse:
        try:
            return await endpoint(context)
        except PublicError as error:
            return self._error_responses.reply(error, context)
        except Exception as fault:  # noqa: BLE001  the last line of defence: every caller gets a JSON answer
            return self._error_responses.unexpected(fault, context)

    def _head(self, reply: RawResponse, default_headers: Headers) -> bytes:
        """Status line and header fields, without those of this request alone; cached if the endpoint's are constant."""
        if default_headers is not self._default_headers:
            self._default_headers = default_headers
            self._heads.clear()
        head = self._heads.get((reply.status, reply.headers)) if isinstance(reply.headers, tuple) else None
        if head is None:
            fields = [*default_headers, *self._complete([*reply.headers])]
            if any(HEADER_VALUE_RE.search(value) for _, value in fields):
                raise ValueError("a header field is unsound")
            head = STATUS_LINE[reply.status] + b"".join(b"%b: %b\r\n" % field for field in fields)
            if isinstance(reply.headers, tuple):
                self._heads[reply.status, reply.headers] = head
        return head

    def _complete(self, fields: Headers) -> Headers:
        """`fields` with those of every response."""
        names = {name for name, _ in fields}
        fields += self._always
        if b"cache-control" not in names:
            fields += NO_STORE
        if b"content-security-policy" not in names:
            fields.append(_JSON_POLICY)
        return fields

    async def _send(self, reply: RawResponse, context: RequestContext, send: Send) -> int:
        headers: Headers = [
            *self._complete([*reply.headers]),
            (b"content-length", str(len(reply.body)).encode()),
            (b"x-request-id", context.request_id.encode()),
            *context.answer_fields,
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        return reply.status

    async def _call_router(self, scope: Scope, context: RequestContext, send: Send) -> int:
        # EPCIS describes its resources by OPTIONS, to callers with a token.
        if scope["method"] in _ROUTED_AS and not (scope["method"] == "OPTIONS" and context.epcis_errors):
            scope = {**scope, "method": _ROUTED_AS[scope["method"]]}
        if context.epcis_errors:
            # Its paths have URIs as segments, whose percent-encoded slashes separate nothing.
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
        scope["linkxg"] = context
        status = 500

        async def send_with_headers(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete([*message["headers"]])
                message["headers"] += [(b"x-request-id", context.request_id.encode()), *context.answer_fields]
            await send(message)

        await self.inner(scope, context.receive, send_with_headers)  # type: ignore[operator]
        context.route = scope.get("path_template") or context.route
        return status

    def _record(self, context: RequestContext, status: int, seconds: float) -> None:
        self._metrics.request(context.method, context.route, status, seconds)
        self._log(
            {
                "event": "request",
                "request_id": context.request_id,
                "method": context.method,
                "route": context.route,
                "status": status,
                "ms": round(seconds * 1000, 3),
                "source": context.source,
                **context.notes,
            }
        )
