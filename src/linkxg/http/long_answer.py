"""An answer that may take long: other requests get their turn, and it ends when its client leaves.

What its caller may see was decided when it began. One that took long is authorised again at its end, so that it does
not outlive a revocation (ASVS 8.3.2).
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from linkxg.errors import InvalidRequest
from linkxg.http.request_context import RequestContext

LONG_S = 0.05


class LongAnswer:
    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._began = time.monotonic()
        self._disconnected: asyncio.Task[None] | None = None

    @property
    def account_id(self) -> str:
        """Of the client or the session."""
        principal = self._context.principal
        account_id: str = self._context.notes["account_id"] if principal is None else principal.account_id
        return account_id

    @property
    def took_long(self) -> bool:
        """Whether what was read and authorised has to be checked again."""
        return time.monotonic() - self._began >= LONG_S

    async def pause(self) -> None:
        """Let other requests in. Raises InvalidRequest, which nobody receives, if the client has left."""
        # With its whole body, a request was handed over without its connection.
        if self._disconnected is None and self._context.whole is None:
            self._disconnected = asyncio.ensure_future(self._watch())
        await asyncio.sleep(0)
        if self._disconnected is not None and self._disconnected.done():
            raise InvalidRequest("The connection ended before the answer was complete.")

    async def authorise(self) -> None:
        """Raises the errors of the guard if the caller has lost their right; the last step of an answer."""
        if self.took_long:
            await self._context.authorise_again()

    def end(self) -> None:
        if self._disconnected is not None:
            self._disconnected.cancel()

    async def _watch(self) -> None:
        while (await self._context.receive())["type"] != "http.disconnect":
            pass


@contextmanager
def long_answer(context: RequestContext) -> Iterator[LongAnswer]:
    answer = LongAnswer(context)
    try:
        yield answer
    finally:
        answer.end()
