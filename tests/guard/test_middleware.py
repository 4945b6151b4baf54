"""The ASGI middleware judges callers again while a request is under way. Security rules 75 and 290."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from guard.issuer import EC_KEY, SETTINGS, Document, Issuer, access_token
from linkxg_guard import Guard, GuardMiddleware, principal_of
from linkxg_guard import guard as guard_module

Message = MutableMapping[str, Any]


class Exchange:
    """One request of a caller whose token can be revoked between any two messages."""

    def __init__(self, guard: Guard, issuer: Issuer, token: bytes | None = None) -> None:
        self.guard = guard
        self.issuer = issuer
        self.token = access_token("t2") if token is None else token
        self.incoming: list[Message | Callable[[], Awaitable[None]]] = []
        self.sent: list[Message] = []
        self.seen: list[Message] = []

    async def revoke(self) -> None:
        def change(document: Document) -> None:
            document.update(version="2", entries=[{"kind": "token", "id": "t2"}])

        self.issuer.change = change
        await self.guard.feed.read(0)

    async def receive(self) -> Message:
        found = self.incoming.pop(0)
        while callable(found):
            await found()
            found = self.incoming.pop(0)
        return found

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self, app: Any, kind: str = "http", **scope: Any) -> None:
        headers = [(b"authorization", b"Bearer " + self.token)] if self.token else []
        guarded = GuardMiddleware(app, self.guard, scopes="products:read", public=["/open"])
        await guarded(
            {"type": kind, "method": "GET", "path": "/", "headers": headers, "client": None} | scope,
            self.receive,
            self.send,
        )

    @property
    def statuses(self) -> list[int]:
        return [message["status"] for message in self.sent if message["type"] == "http.response.start"]


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Exchange], Awaitable[None]]], None]:
    """Runs a test in an event loop, with a guard that has heard from its issuer."""
    issuer = Issuer()
    issuer.keys = [EC_KEY]
    monkeypatch.setattr(guard_module, "Connection", lambda _: issuer)

    def run(test: Callable[[Exchange], Awaitable[None]]) -> None:
        async def started() -> None:
            guard = Guard(SETTINGS)
            guard.start()
            await guard.feed.heard.wait()
            await test(Exchange(guard, issuer))
            await guard.stop()

        asyncio.run(started())

    return run


Run = Callable[[Callable[[Exchange], Awaitable[None]]], None]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_that_is_complete_after_a_revocation_does_not_reach_the_application(exchange: Run, method: str) -> None:
    async def test(one: Exchange) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            assert principal_of(scope).id == "lxgcli_c"
            while one.seen[-1:] == [] or one.seen[-1].get("more_body"):
                one.seen.append(await receive())

        first = {"type": "http.request", "body": b"1", "more_body": True}
        one.incoming = [first, one.revoke, {"type": "http.request", "body": b"2"}]
        await one.run(app, method=method)
        assert (one.seen, one.statuses) == ([first], [401])

    exchange(test)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_in_parts_is_cut_off_by_a_revocation(exchange: Run, method: str) -> None:
    async def test(one: Exchange) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"1", "more_body": True})
            await one.revoke()
            await send({"type": "http.response.body", "body": b"2", "more_body": True})

        with pytest.raises(ConnectionAbortedError):
            await one.run(app, method=method)
        assert [message.get("body") for message in one.sent] == [None, b"1"]

    exchange(test)


def test_a_websocket_is_closed_at_its_next_message(exchange: Run) -> None:
    async def test(one: Exchange) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            one.seen.append(await receive())
            await send({"type": "websocket.accept"})
            for _ in range(2):
                one.seen.append(await receive())
                await send({"type": "websocket.send", "text": "heard"})

        message = {"type": "websocket.receive", "text": "hello"}
        one.incoming = [{"type": "websocket.connect"}, message, one.revoke, message]
        await one.run(app, "websocket")
        assert one.seen == [{"type": "websocket.connect"}, message]
        assert [sent["type"] for sent in one.sent] == ["websocket.accept", "websocket.send", "websocket.close"]
        assert one.sent[-1]["code"] == 1008

    exchange(test)


def test_what_the_service_sends_over_a_websocket_ends_too(exchange: Run) -> None:
    async def test(one: Exchange) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "websocket.accept"})
            await one.revoke()
            await send({"type": "websocket.send", "text": "secret"})

        await one.run(app, "websocket")
        assert [sent["type"] for sent in one.sent] == ["websocket.accept", "websocket.close"]

    exchange(test)


def test_a_websocket_without_a_token_is_not_accepted(exchange: Run) -> None:
    async def test(one: Exchange) -> None:
        one.token = b""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise AssertionError

        await one.run(app, "websocket")
        assert one.sent == [{"type": "websocket.close", "code": 1008}]

    exchange(test)


def test_only_exact_public_paths_are_open(exchange: Run) -> None:
    async def test(one: Exchange) -> None:
        one.token = b""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})

        for path in ("/open", "/open/", "/Open", "//open", "/open/../secret", "/openx"):
            await one.run(app, path=path)
        assert one.statuses == [204, 401, 401, 401, 401, 401]

    exchange(test)
