"""ASGI middleware: lets only authorised requests and WebSockets through to the application."""

from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from functools import partial
from typing import Any

from linkxg_guard.authorization import SenderConstrained, read_bearer
from linkxg_guard.errors import GuardError, InvalidRequest, MissingToken, TemporarilyUnavailable
from linkxg_guard.guard import Guard, Unknown, list_scopes, require_scopes
from linkxg_guard.principal import Principal
from linkxg_guard.sender import PresentedRequest
from linkxg_guard.settings import GuardSettings
from linkxg_guard.target_uri import encode_path

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Required = Callable[[Scope], Iterable[str]]

KEY = "linkxg_guard.principal"


class GuardMiddleware:
    """Puts `guard` in front of `app`.

    `scopes` are those that every request needs, or a function of the ASGI scope that says which. Paths in `public` are
    open to everybody. The caller is judged again when the body is complete, with each further part of a streamed answer
    and each message of a WebSocket, so that a revocation ends what is under way.
    """

    def __init__(
        self, app: App, guard: Guard, *, scopes: str | Iterable[str] | Required, public: Collection[str] = ()
    ) -> None:
        self.app = app
        self.guard = guard
        self._required = scopes if callable(scopes) else None
        self._scopes = () if callable(scopes) else list_scopes(scopes)
        self._scope_set = frozenset(self._scopes)
        self._public = frozenset(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if kind not in ("http", "websocket") or scope["path"] in self._public:
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        source = client[0] if client else None
        authorization = known = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                # Of two headers, `_judge` finds the fault.
                known = self.guard.recall(value) if authorization is None else None
                authorization = value
        if known is not None and self._required is None and known.scopes >= self._scope_set:
            # Most requests repeat a token, and nothing else is done for them.
            caller = known
        else:
            try:
                caller = await self._judge(scope, source)
            except GuardError as error:
                await refuse(error, scope, send)
                return
        scope[KEY] = caller
        exchange = _Exchange(self.guard, caller, source, receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except GuardError as error:
            if not exchange.started:
                await refuse(error, scope, send)
            elif kind == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                # The answer is cut short: its beginning has been sent.
                raise ConnectionAbortedError("the caller's access has ended") from None

    async def _judge(self, scope: Scope, source: str | None) -> Principal:
        authorization = authorization_of(scope)
        required = self._scopes if self._required is None else self._required(scope)
        try:
            caller = self.guard.judge(read_bearer(authorization), source)
            require_scopes(caller, required)
        except (Unknown, TemporarilyUnavailable, SenderConstrained):
            # The first request may come before the feed has been heard.
            request = partial(presented_by, scope, self.guard.settings)
            return await self.guard.authenticate(authorization, source, required, request)
        return caller

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def starting() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.guard.start()
            return message

        try:
            await self.app(scope, starting, send)
        finally:
            await self.guard.stop()


class _Exchange:
    """The two directions of a request, in which its caller is judged again.

    One object rather than closures: what they are made of would keep the garbage collector busy.
    """

    __slots__ = ("_caller", "_guard", "_receive", "_send", "_source", "started")

    def __init__(self, guard: Guard, caller: Principal, source: str | None, receive: Receive, send: Send) -> None:
        self._guard = guard
        self._caller = caller
        self._source = source
        self._receive = receive
        self._send = send
        self.started = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] in ("http.request", "websocket.receive") and not message.get("more_body"):
            self._guard.recheck(self._caller, self._source)
        return message

    # Not a coroutine: most answers have one part, which needs no check and no frame of its own.
    def send(self, message: Message) -> Awaitable[None]:
        if message.get("more_body") or message["type"] == "websocket.send":
            self._guard.recheck(self._caller, self._source)
        self.started = True
        return self._send(message)


def authorization_of(scope: Scope) -> bytes | None:
    """The Authorization header. Raises InvalidRequest if it is repeated."""
    found: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if found is not None:
                raise InvalidRequest("two Authorization headers")
            found = value
    return found


def presented_by(scope: Scope, settings: GuardSettings) -> PresentedRequest:
    """What is known of the sender of a request."""
    raw: bytes | None = scope.get("raw_path")
    path = raw.partition(b"?")[0].decode("latin-1") if raw else encode_path(scope["path"])
    return PresentedRequest(
        # The handshake of a WebSocket is a GET.
        scope.get("method", "GET"),
        path,
        tuple(value for name, value in scope["headers"] if name == b"dpop"),
        _certificates(scope, settings),
    )


def _certificates(scope: Scope, settings: GuardSettings) -> tuple[bytes, ...]:
    if settings.client_cert_header is not None:
        wanted = settings.client_cert_header.lower().encode()
        return tuple(value for name, value in scope["headers"] if name == wanted and value)
    if settings.client_cert_extension:
        chain = ((scope.get("extensions") or {}).get("tls") or {}).get("client_cert_chain") or ()
        # The first is that of the caller, the others are of its authorities.
        return tuple(str(pem).encode("latin-1", "replace") for pem in list(chain)[:1])
    return ()


def principal_of(scope: Scope) -> Principal:
    """The caller of a guarded request, by its ASGI scope. Raises MissingToken behind no guard."""
    found: Principal | None = scope.get(KEY)
    if found is None:
        raise MissingToken("no guard in front of this application")
    return found


async def refuse(error: GuardError, scope: Scope, send: Send) -> None:
    """Answer with the error; a WebSocket is closed before it is accepted."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = error.body()
    headers = [(name.encode(), value.encode()) for name, value in error.headers()]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
