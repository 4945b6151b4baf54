"""Asks LinkXG about tokens that only LinkXG can verify (HS256): RFC 7662, each token once."""

import asyncio

from linkxg_guard.clock import now
from linkxg_guard.connection import Connection, Unreachable
from linkxg_guard.errors import TemporarilyUnavailable
from linkxg_guard.strict_json import read_object

PATH = "/api/v1/oauth/introspect"
MAX_BODY = 16_384
MAX_AT_ONCE, MAX_WAITING = 16, 256
INACTIVE_S, MAX_INACTIVE = 30.0, 4_096


class Introspection:
    """Callers with the same token share one request; tokens that are not active are remembered for a while."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._asking: dict[bytes, asyncio.Task[str | None]] = {}
        self._inactive: dict[bytes, float] = {}

    async def find_jti(self, digest: bytes, token: bytes) -> str | None:
        """The id of an active token, None of any other. Raises TemporarilyUnavailable."""
        refused_until = self._inactive.get(digest)
        if refused_until is not None and now() < refused_until:
            return None
        task = self._asking.get(digest)
        if task is None:
            if len(self._asking) >= MAX_WAITING:
                raise TemporarilyUnavailable("too many tokens to introspect")
            task = self._asking[digest] = asyncio.create_task(self._ask(digest, token))
            task.add_done_callback(lambda _: self._asking.pop(digest, None))
        # The others still need the answer if this caller goes away.
        return await asyncio.shield(task)

    async def _ask(self, digest: bytes, token: bytes) -> str | None:
        async with self._slots:
            try:
                found = read_object(await self._connection.post(PATH, MAX_BODY, {"token": token.decode("ascii")}))
            except (Unreachable, ValueError) as error:
                raise TemporarilyUnavailable(f"introspection: {error}") from None
        if found.get("active") is True and isinstance(found.get("jti"), str):
            return str(found["jti"])
        while len(self._inactive) >= MAX_INACTIVE:
            del self._inactive[next(iter(self._inactive))]
        self._inactive[digest] = now() + INACTIVE_S
        return None
