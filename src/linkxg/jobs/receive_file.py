"""Receives a file: checks it while it arrives, and splits it into the blocks of a job.

A file that cannot be imported is rejected as soon as its first block shows that.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from linkxg.jobs.gunzip import FileFacts, Gunzip
from linkxg.jobs.handler import HeadCheck
from linkxg.jobs.model import MIB

_GATHER = MIB // 4
"""Bytes processed per call of a thread: uploads arrive in small parts."""


async def receive_file(
    check: HeadCheck,
    parts: AsyncIterator[bytes],
    keep: Callable[[int, bytes], Awaitable[None]],
    *,
    charset: str | None = None,
) -> tuple[list[str], FileFacts]:
    """(the columns of the file, its size and digest); `keep` stores each block under its number.

    `charset` is the declared one. Raises ValidationFailed or PayloadTooLarge for an unusable file, and the errors of
    `parts` and `keep`.
    """
    gunzip = Gunzip(charset, check.max_content, check.watch)
    is_checked = False
    number = 0

    async def keep_all(blocks: list[bytes]) -> None:
        nonlocal number, is_checked
        if gunzip.head and not is_checked:
            is_checked = True
            await asyncio.to_thread(check.check_early, gunzip.head, whole=gunzip.is_whole)
        for block in blocks:
            await keep(number, block)
            number += 1

    async for gathered in gather(parts):
        # In a thread: decompressing a part would block every other request.
        await keep_all(await asyncio.to_thread(gunzip.feed, gathered))
    blocks, facts = await asyncio.to_thread(gunzip.finish)
    await keep_all(blocks)
    return await asyncio.to_thread(check.columns, gunzip.head, whole=gunzip.is_whole), facts


async def gather(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The parts, joined to blocks that are worth a thread."""
    gathered = bytearray()
    async for part in parts:
        gathered += part
        if len(gathered) >= _GATHER:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
