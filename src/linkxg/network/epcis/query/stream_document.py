"""Writes a long EPCISQueryDocument page by page, in bounded memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from linkxg.network.epcis.gs1_headers import MAX_EVENTS
from linkxg.network.epcis.query.find_events import EventPage
from linkxg.network.epcis.query.query_document import END, MergedContexts, write_events, write_head
from linkxg.network.epcis.query.store import FoundEvent

MAX_STREAMED = MAX_EVENTS
"""Events of a document: as many as one that is captured may have."""
ReadPage = Callable[[Sequence[Any]], Awaitable[EventPage]]
"""Reads the page at a position."""


async def stream_document(first: EventPage, read_page: ReadPage, *, created: int) -> AsyncIterator[bytes]:
    """The events of the first page and of those that follow, up to MAX_STREAMED.

    The head has the contexts of the first page; an event of a later one that needs another has it itself.
    """
    contexts = MergedContexts()
    for one in first.found:
        contexts.add(one.context)
    yield write_head(contexts, created=created)
    page, left = first, MAX_STREAMED
    while True:
        shown = page.found[:left]
        if shown:
            yield await asyncio.to_thread(_part, shown, contexts, is_first=left == MAX_STREAMED)
        left -= len(shown)
        if page.position is None or not left:
            break
        page = await read_page(page.position)
    yield END


def _part(found: Sequence[FoundEvent], contexts: MergedContexts, *, is_first: bool) -> bytes:
    return (b"" if is_first else b",") + write_events(found, contexts)
