"""Reads the stored file of a job, and the numbers of its failed rows."""

import zlib
from collections import deque
from collections.abc import Iterator

from linkxg.db import Database
from linkxg.jobs import store
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import decode_batch

READ_AHEAD = 6
"""Blocks in memory: a chunk of rows begins in two, and its last row may extend over two more. Only a file with MiBs of
blank space between two rows needs more."""
_BATCHES = 100


class BlockReader(Iterator[bytes]):
    """The decompressed file in blocks of a MiB. `fill()` reads ahead; between two calls `READ_AHEAD` can be read."""

    def __init__(self, database: Database, account_id: str, file_id: str) -> None:
        self._database, self._account_id, self._file_id = database, account_id, file_id
        self._held: deque[bytes] = deque()
        self._number = 0
        self._ended = False

    async def fill(self) -> None:
        """Raises Unreadable if the file has been deleted."""
        while not self._ended and len(self._held) < READ_AHEAD:
            content = await self._database.read_single(store.find_block, self._account_id, self._file_id, self._number)
            if content is None:
                self._ended = True
                if not self._number:
                    raise Unreadable("file_gone", "The file is no longer stored; send it again.")
            else:
                self._held.append(zlib.decompress(content))
                self._number += 1

    def first(self) -> bytes:
        """The first block, without consuming it."""
        return self._held[0] if self._held else b""

    def __next__(self) -> bytes:
        if self._held:
            return self._held.popleft()
        if self._ended:
            raise StopIteration
        raise Unreadable(
            "blank_space", "Several MiB without a row follow. Remove the empty lines and send the file again."
        )


async def read_failed_rows(database: Database, account_id: str, job_id: str) -> set[int]:
    found: set[int] = set()
    after = -1
    while batches := await database.read_single(store.list_batches, account_id, job_id, after=after, limit=_BATCHES):
        for first, packed in batches:
            found.update(result.row for result in decode_batch(packed) if result.status == "FAILED")
            after = first
    return found
