"""A long response body whose reader stays authorised (ASVS 8.3.2)."""

import time
from collections.abc import AsyncIterator
from typing import TypeVar

from linkxg.http.request_context import AUTHORISE_EVERY_S, RequestContext

T = TypeVar("T", str, bytes)


async def authorised_stream(context: RequestContext, chunks: AsyncIterator[T]) -> AsyncIterator[T]:
    """The chunks, until the caller is revoked; checked before a chunk, at most once a second.

    The error ends the connection before the last chunk, so that the reader does not take the file for complete.
    """
    authorised_at = time.monotonic()
    async for chunk in chunks:
        if time.monotonic() - authorised_at >= AUTHORISE_EVERY_S:
            await context.authorise_again()
            authorised_at = time.monotonic()
        yield chunk
