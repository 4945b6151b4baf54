"""A token that was accepted is recalled by its header until something about it may have changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guard.issuer import EC_KEY, SETTINGS, Issuer, access_token
from harness.dpop import DpopKey
from linkxg_guard import Guard, GuardMiddleware, InvalidToken, clock
from linkxg_guard import guard as guard_module

SOURCE = "192.0.2.7"


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    found = Issuer()
    found.keys = [EC_KEY]
    monkeypatch.setattr(guard_module, "Connection", lambda _: found)
    return found


def test_a_revocation_ends_what_is_recalled(issuer: Issuer) -> None:
    token = access_token("recalled")
    header = b"Bearer " + token

    async def main() -> None:
        guard = Guard(SETTINGS)
        assert (await guard.authenticate(header, SOURCE)).jti == "recalled"
        found = guard.recall(header)
        assert found is not None
        assert found.jti == "recalled"
        await guard.feed.read(0)
        assert guard.recall(header) is None, "the feed was read again"
        assert guard.judge(token, SOURCE) is found
        assert guard.recall(header) is found
        issuer.change = lambda document: document.update(version="2", entries=[{"kind": "token", "id": "recalled"}])
        await guard.feed.read(0)
        assert guard.recall(header) is None
        with pytest.raises(InvalidToken):
            await guard.authenticate(header, SOURCE)
        assert guard.recall(header) is None
        await guard.stop()

    asyncio.run(main())


def test_time_ends_what_is_recalled(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"Bearer " + access_token("old")

    async def main() -> None:
        guard = Guard(SETTINGS)
        await guard.authenticate(header, SOURCE)
        true_now = clock.now
        for later, heard_later in ((SETTINGS.max_staleness_s + 1, 0), (3_600 + SETTINGS.leeway_s + 1, 3_606)):
            assert guard.recall(header) is not None
            heard_at = guard.feed.heard_at
            monkeypatch.setattr(guard_module, "now", lambda later=later: true_now() + later)
            guard.feed.heard_at += heard_later
            assert guard.recall(header) is None, later
            guard.feed.heard_at = heard_at
            monkeypatch.setattr(guard_module, "now", true_now)
        await guard.stop()
        assert guard.recall(header) is None, "nobody reads the feed"

    asyncio.run(main())


@pytest.mark.parametrize("claims", [{"cidrs": ["192.0.2.0/24"]}, {"cnf": {"jkt": DpopKey().thumbprint}}])
def test_a_token_that_depends_on_the_request_is_never_recalled(issuer: Issuer, claims: dict[str, Any]) -> None:
    token = access_token("bound", **claims)

    async def main() -> None:
        guard = Guard(SETTINGS)
        await guard.authenticate(b"Bearer " + access_token("other"), SOURCE)
        for _ in range(2):
            assert guard.judge(token, SOURCE, bound=True).jti == "bound"
            assert guard.recall(b"Bearer " + token) is None
        await guard.stop()

    asyncio.run(main())


def test_what_is_recalled_is_one_header_and_has_all_scopes(issuer: Issuer) -> None:
    header = b"Bearer " + access_token("known")
    answers: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    async def main() -> None:
        guard = Guard(SETTINGS)
        read = GuardMiddleware(app, guard, scopes="products:read")
        write = GuardMiddleware(app, guard, scopes="products:read products:write")
        by_path = GuardMiddleware(app, guard, scopes=lambda scope: ["products:write"])
        for middleware, values in (
            (read, [header]), (read, [header]), (read, [header.replace(b"Bearer", b"bearer")]),
            (write, [header]), (by_path, [header]), (read, [header, header]), (read, [header, b""]),
            (read, [b"x", header]), (read, [header + b"x"]), (read, []),
        ):  # fmt: skip
            headers = [(b"authorization", value) for value in values]
            scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (SOURCE, 1)}
            await middleware(scope, receive, send)
        await guard.stop()

    asyncio.run(main())
    assert answers == [200, 200, 200, 403, 403, 400, 400, 400, 401, 401]
