"""The outermost ASGI application, through which every request passes.

The outermost ASGI application: it gives the request an id and a source, answers the few hot endpoints itself (see
`docs/decisions/0002-edge-before-router.md`), hands everything else to the router, adds the headers that every response
carries, counts it and writes its one log line.
"""

import itertools
import os
import time
from collections.abc import Mapping

from uvicorn.protocols.http.httptools_impl import HEADER_VALUE_RE, STATUS_LINE

from linkxg.errors import MethodNotAllowed, NotFound, PublicError
from linkxg.http.application import BufferedRequest, FastRoute, HttpApplication
from linkxg.http.body_style import BodyStyle
from linkxg.http.client_ip import ClientAddresses, refuse_plain_http
from linkxg.http.error_responses import ErrorResponses
from linkxg.http.forms import refuse_unknown
from linkxg.http.logs import RequestLog
from linkxg.http.metrics import Metrics
from linkxg.http.plain_http import PlainHttp
from linkxg.http.request_context import (
    FAULT,
    MORE_TIME,
    NO_STORE,
    Headers,
    RawEndpoint,
    RawResponse,
    Receive,
    RequestContext,
    Scope,
    Send,
    nothing_more,
)
from linkxg.http.route_declaration import RawRoute, RawRoutes
from linkxg.ids import is_uuid

Reads = Mapping[str, tuple[str, RawEndpoint]]
# The reference page brings its own policy; JSON needs none of the browser's powers.
_JSON_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})
# HEAD is GET without the content, which the HTTP server leaves out (RFC 9110 §9.3.2). OPTIONS is no method of ours: the
# router would answer it by itself, to strangers and with the wrong list, so it gets a name that no route has.
_TAKEN_AS = {"HEAD": "GET", "OPTIONS": "NONE"}


class Edge(HttpApplication):
    """`inner` is the router; `raw` maps path → method → endpoint for what is answered here.

    `reads` maps a path to what answers a plain GET of an id below it, and to the name of that parameter. The router has
    the same route: it describes it, and answers whatever is not plain.
    """

    def __init__(
        self,
        inner: object,
        raw: RawRoutes,
        reads: Reads,
        *,
        sources: ClientAddresses,
        plain_http: PlainHttp,
        refusals: ErrorResponses,
        metrics: Metrics,
        strict_transport: bool,
        oauth_groups: tuple[str, ...],
    ) -> None:
        self.inner = inner
        self.raw = raw
        self._posts = {
            path.encode(): FastRoute("POST", path, "", methods["POST"], path.startswith(oauth_groups))
            for path, methods in raw.items()
            if "POST" in methods
        }
        self._reads = {parent.encode(): (f"{parent}/{{{name}}}", read) for parent, (name, read) in reads.items()}
        self.oauth_groups = oauth_groups
        self._sources = sources
        self._plain_http = plain_http
        self._refusals = refusals
        self._metrics = metrics
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count(1)
        self._log = RequestLog().write
        # Per constant fields of an endpoint, for as long as the server's own fields (the date) are the same.
        self._heads: dict[tuple[int, tuple[tuple[bytes, bytes], ...]], bytes] = {}
        self._dated: Headers = []
        self._always: Headers = [(b"x-content-type-options", b"nosniff")]
        if strict_transport:
            self._always.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))

    def speaks_for_many(self, peer: str) -> bool:
        """Whether connections from `peer` are those of many callers: a trusted proxy's, or this machine's own."""
        return self._sources.speaks_for_many(peer)

    def fast_route(self, method: bytes, target: bytes, headers: Headers) -> FastRoute | None:
        """Who answers this request without the router; None for most."""
        if method == b"POST":
            return self._posts.get(target)
        if method == b"GET":
            parent, _, last = target.rpartition(b"/")
            known, name = self._reads.get(parent), last.decode("latin-1")
            # Questions about a copy that the caller has, or with parameters, are the router's.
            if known and is_uuid(name) and not any(field.startswith(b"if-") for field, _ in headers):
                return FastRoute("GET", known[0], name, known[1], False)
        return None

    async def answer(self, request: BufferedRequest, dated: Headers) -> bytes:
        """The response to a request that is answered at once; `dated` are the server's own header fields."""
        started = time.perf_counter()
        source, may_serve = self._sources.read(request.client, request.scheme, request.headers)
        method, route, argument, endpoint, flat_errors = request.to
        context = RequestContext(method, self._name(), source, request.headers, nothing_more, whole=request.body)
        context.route, context.argument, context.flat_errors = route, argument, flat_errors
        if may_serve:
            reply = await self._ask(endpoint, context)
        else:
            reply = self._refusals.reply(refuse_plain_http(), context)
        self._record(context, reply.status, time.perf_counter() - started)
        return self._bytes(reply, context, dated, keep_alive=request.keep_alive)

    def refuse(self, error: PublicError, client: tuple[str, int] | None, dated: Headers) -> bytes:
        """The response to what cannot be read as a request; the connection ends with it."""
        context = RequestContext("OTHER", self._name(), client[0] if client else "", [], nothing_more)
        # Whatever it was meant for, this is the body that every address may answer with.
        context.flat_errors = True
        reply = self._refusals.reply(error, context)
        self._record(context, reply.status, 0.0)
        return self._bytes(reply, context, dated, keep_alive=False)

    def _bytes(self, reply: RawResponse, context: RequestContext, dated: Headers, *, keep_alive: bool) -> bytes:
        numbers = b"content-length: %d\r\nx-request-id: %b\r\n" % (len(reply.body), context.request_id.encode())
        end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
        return self._head(reply, dated) + numbers + end + reply.body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)  # type: ignore[operator]
            return
        started = time.perf_counter()
        headers = scope["headers"]
        source, may_serve = self._sources.read(scope.get("client"), scope["scheme"], headers)
        method, path = scope["method"], scope["path"]
        context = RequestContext(
            method if method in _METHODS else "OTHER", self._name(), source, headers, receive, scope["query_string"]
        )
        context.flat_errors = path.startswith(self.oauth_groups)
        methods = self.raw.get(path)
        refused = self._refused(scope, path, may_serve=may_serve)
        if refused is not None:
            status = await self._send(self._refusals.reply(refused, context), context, send)
        elif methods is None:
            context.more_time = scope.get(MORE_TIME, context.more_time)
            status = await self._through(scope, context, send)
        else:
            context.route = path
            status = await self._send(await self._answer(methods, method, context), context, send)
        self._record(context, status, time.perf_counter() - started)

    def _name(self) -> str:
        return f"{self._prefix}{next(self._numbers):08x}"

    def _refused(self, scope: Scope, path: str, *, may_serve: bool) -> PublicError | None:
        """Why nothing is to look at this request at all."""
        if not may_serve and not self._plain_http.allows(path, scope.get("client"), scope["headers"]):
            return refuse_plain_http()
        if FAULT in scope:
            fault: PublicError = scope[FAULT]
            fault.headers = {"Connection": "close"}
            return fault
        # No address here contains NUL, and PostgreSQL takes it in no text.
        return NotFound() if "\0" in path else None

    async def _answer(self, methods: Mapping[str, RawRoute], method: str, context: RequestContext) -> RawResponse:
        try:
            endpoint = methods.get(method)
            if endpoint is None:
                raise MethodNotAllowed(headers={"Allow": ", ".join(methods)})
            if endpoint.declares.style is not BodyStyle.OAUTH:
                refuse_unknown(context.query, frozenset())
        except PublicError as error:
            return self._refusals.reply(error, context)
        return await self._ask(endpoint, context)

    async def _ask(self, endpoint: RawEndpoint, context: RequestContext) -> RawResponse:
        try:
            return await endpoint(context)
        except PublicError as error:
            return self._refusals.reply(error, context)
        except Exception as fault:  # noqa: BLE001  the last line of defence: every caller gets a JSON answer
            return self._refusals.unexpected(fault, context)

    def _head(self, reply: RawResponse, dated: Headers) -> bytes:
        """Status line and header fields, but for those that differ with each request; kept where they are constants."""
        if dated is not self._dated:
            self._dated = dated
            self._heads.clear()
        head = self._heads.get((reply.status, reply.headers)) if isinstance(reply.headers, tuple) else None
        if head is None:
            fields = [*dated, *self._complete([*reply.headers])]
            if any(HEADER_VALUE_RE.search(value) for _, value in fields):
                raise ValueError("a header field is unsound")
            head = STATUS_LINE[reply.status] + b"".join(b"%b: %b\r\n" % field for field in fields)
            if isinstance(reply.headers, tuple):
                self._heads[reply.status, reply.headers] = head
        return head

    def _complete(self, fields: Headers) -> Headers:
        """With those that every response carries."""
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
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        return reply.status

    async def _through(self, scope: Scope, context: RequestContext, send: Send) -> int:
        if scope["method"] in _TAKEN_AS:
            scope = {**scope, "method": _TAKEN_AS[scope["method"]]}
        scope["linkxg"] = context
        status = 500

        async def send_with_headers(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete([*message["headers"]])
                message["headers"].append((b"x-request-id", context.request_id.encode()))
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
