"""Lists in pages: iterate over all items, and each page is fetched when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from linkxg_client.call import Call, data_of
from linkxg_client.decode import decode
from linkxg_client.errors import json_object

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page. `next_cursor` continues after it, also in another process."""

    items: list[T]
    next_cursor: str | None
    has_more: bool
    total_count: int | None = None


PageCall = Callable[[str | None], Call[Page[T]]]
"""The call for the page at a cursor; None is the first one."""


class Items(Generic[T]):
    """All items of a list: `for item in items`. `pages()` has them page by page."""

    def __init__(self, call: PageCall[T], perform: Callable[[Call[Page[T]]], Page[T]]) -> None:
        self._call = call
        self._perform = perform

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    def pages(self, cursor: str | None = None) -> Iterator[Page[T]]:
        """Page by page, from a cursor on."""
        while True:
            page = self._perform(self._call(cursor))
            yield page
            if not page.has_more or page.next_cursor is None:
                return
            cursor = page.next_cursor


class AsyncItems(Generic[T]):
    """All items of a list: `async for item in items`. `pages()` has them page by page."""

    def __init__(self, call: PageCall[T], perform: Callable[[Call[Page[T]]], Awaitable[Page[T]]]) -> None:
        self._call = call
        self._perform = perform

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def pages(self, cursor: str | None = None) -> AsyncIterator[Page[T]]:
        """Page by page, from a cursor on."""
        while True:
            page = await self._perform(self._call(cursor))
            yield page
            if not page.has_more or page.next_cursor is None:
                return
            cursor = page.next_cursor


def page_of(kind: type[T]) -> Callable[[httpx.Response], Page[T]]:
    """Reads an answer with a page of records."""

    def read(response: httpx.Response) -> Page[T]:
        items = [decode(kind, each) for each in data_of(response)]
        about: dict[str, Any] = (json_object(response) or {}).get("pagination") or {}
        return Page(items, about.get("nextCursor"), bool(about.get("hasMore")), about.get("totalCount"))

    return read
