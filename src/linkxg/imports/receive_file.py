"""How does a file that arrives become the blocks of a job?

It is looked at on the way: a file that cannot be used is refused before it has been read to its end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from linkxg.errors import ValidationFailed
from linkxg.imports.columns import check_header
from linkxg.imports.csv_rows import read_header
from linkxg.imports.lines import Unreadable
from linkxg.imports.model import MIB, Options
from linkxg.imports.unpack import Unpacked, Unpacker, refusal

_GATHER = MIB // 4
"""So much is looked at in one go, in a thread: uploads arrive in small parts."""


async def receive_file(
    options: Options, parts: AsyncIterator[bytes], keep: Callable[[int, bytes], Awaitable[None]]
) -> tuple[list[str], Unpacked]:
    """(the columns of a CSV file, what is known of the file); `keep` stores each block under its number.

    Raises ValidationFailed or PayloadTooLarge for a file that cannot be used, or what `parts` and `keep` raise.
    """
    unpacker = Unpacker()
    columns: list[str] | None = None
    number = 0

    async def keep_all(blocks: list[bytes]) -> None:
        nonlocal number, columns
        if columns is None and unpacker.head:
            columns = check_head(unpacker.head, options)
        for block in blocks:
            await keep(number, block)
            number += 1

    async for gathered in _gather(parts):
        # In a thread: unpacking and checking a part would hold up every other request.
        await keep_all(await asyncio.to_thread(unpacker.feed, gathered))
    blocks, unpacked = await asyncio.to_thread(unpacker.finish)
    await keep_all(blocks)
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


def check_head(head: bytes, options: Options) -> list[str]:
    """The columns of a CSV file. Raises ValidationFailed for a file that is not what it is said to be."""
    if options.format == "json":
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            raise refusal("not_json", "The file must be one JSON array; send rows of JSON as NDJSON.")
        return []
    if options.format == "ndjson":
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            raise refusal("not_json", "The file must have one JSON object on each line.")
        return []
    try:
        names = [name.strip() for name in read_header(head)]
    except Unreadable as error:
        raise refusal(error.code, str(error), "header") from None
    faults = check_header(names, options.mode, options.key)
    if faults:
        details = [{"field": one.field, "code": one.code, "message": one.message} for one in faults]
        raise ValidationFailed("The file has columns that cannot be imported, or lacks one.", details=details)
    return names
