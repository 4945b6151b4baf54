"""How does a file that arrives become the blocks of a job?

It is looked at on the way: a file that cannot be used is refused before it has been read to its end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from linkxg.imports.check_head import check_head
from linkxg.imports.model import MIB, Options
from linkxg.imports.unpack import Unpacked, Unpacker

_GATHER = MIB // 4
"""So much is looked at in one go, in a thread: uploads arrive in small parts."""


async def receive_file(
    options: Options,
    parts: AsyncIterator[bytes],
    keep: Callable[[int, bytes], Awaitable[None]],
    *,
    charset: str | None = None,
    final_options: Callable[[], Options] | None = None,
) -> tuple[list[str], Unpacked]:
    """(the columns of a CSV file, what is known of the file); `keep` stores each block under its number.

    `charset` is the declared one. `final_options` gives what holds once `parts` has ended, where more may follow there.
    Raises ValidationFailed or PayloadTooLarge for a file that cannot be used, or what `parts` and `keep` raise.
    """
    unpacker = Unpacker(charset)
    columns: list[str] | None = None
    number = 0

    async def keep_all(blocks: list[bytes]) -> None:
        nonlocal number, columns
        if columns is None and unpacker.head and final_options is None:
            columns = check_head(unpacker.head, options, whole=unpacker.is_whole)
        for block in blocks:
            await keep(number, block)
            number += 1

    async for gathered in _gather(parts):
        # In a thread: unpacking and checking a part would hold up every other request.
        await keep_all(await asyncio.to_thread(unpacker.feed, gathered))
    blocks, unpacked = await asyncio.to_thread(unpacker.finish)
    await keep_all(blocks)
    if final_options is not None:
        columns = check_head(unpacker.head, final_options(), whole=unpacker.is_whole)
    return columns or [], unpacked


async def _gather(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for part in parts:
        gathered += part
        if len(gathered) >= _GATHER:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
