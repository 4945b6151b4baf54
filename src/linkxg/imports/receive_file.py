"""Receives a file: checks it while it arrives, and cuts it into the blocks of a job.

A file that cannot be imported is refused as soon as its first block shows that, not at its end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from linkxg.errors import ValidationFailed
from linkxg.imports.check_head import check_head
from linkxg.imports.form_options import FormOptions
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
    form_options: FormOptions | None = None,
) -> tuple[list[str], Unpacked]:
    """(the columns of a CSV file, what is known of the file); `keep` stores each block under its number.

    `charset` is the declared one. With `form_options`, fields of a form may follow the file, and these are its options.
    Raises ValidationFailed or PayloadTooLarge for a file that cannot be used, or what `parts` and `keep` raise.
    """
    unpacker = Unpacker(charset)
    is_checked = False
    columns: list[str] | None = None
    number = 0

    async def keep_all(blocks: list[bytes]) -> None:
        nonlocal number, columns, is_checked
        if unpacker.head and not is_checked:
            is_checked = True
            columns = await asyncio.to_thread(
                _check_early, unpacker.head, options, form_options, whole=unpacker.is_whole
            )
        for block in blocks:
            await keep(number, block)
            number += 1

    async for gathered in _gather(parts):
        # In a thread: unpacking and checking a part would hold up every other request.
        await keep_all(await asyncio.to_thread(unpacker.feed, gathered))
    blocks, unpacked = await asyncio.to_thread(unpacker.finish)
    await keep_all(blocks)
    if form_options is not None and (columns is None or form_options.so_far() != options):
        final = form_options.so_far()
        columns = await asyncio.to_thread(check_head, unpacker.head, final, whole=unpacker.is_whole)
    return columns or [], unpacked


def _check_early(head: bytes, options: Options, form_options: FormOptions | None, *, whole: bool) -> list[str] | None:
    """The columns; None where only a field that follows the file can make it usable. Raises ValidationFailed."""
    try:
        return check_head(head, options, whole=whole)
    except ValidationFailed:
        if form_options is None or not any(
            _is_usable(head, possible, whole=whole) for possible in form_options.still_possible()
        ):
            raise
    return None


def _is_usable(head: bytes, options: Options, *, whole: bool) -> bool:
    try:
        check_head(head, options, whole=whole)
    except ValidationFailed:
        return False
    return True


async def _gather(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for part in parts:
        gathered += part
        if len(gathered) >= _GATHER:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
