"""Reads the stored file of a job again, and the numbers of its failed rows."""

import zlib
from collections import deque
from collections.abc import Iterator

from linkxg.db import Database
from linkxg.jobs import store
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import decode_batch

AHEAD = 6
"""Blocks held: a chunk of rows begins in two, and its last row may go on for two more. Only a file with MiBs of blank
space between two rows needs more."""
_BATCHES = 100


class Blocks(Iterator[bytes]):
    """The unpacked file in blocks of a MiB. `fill()` fetches some; between two calls so many can be taken."""

    def __init__(self, database: Database, account_id: str, file_id: str) -> None:
        self._database, self._account_id, self._file_id = database, account_id, file_id
        self._held: deque[bytes] = deque()
        self._number = 0
        self._ended = False

    async def fill(self) -> None:
        """Raises Unreadable when the file is gone."""
        while not self._ended and len(self._held) < AHEAD:
            content = await self._database.read_single(store.find_block, self._account_id, self._file_id, self._number)
            if content is None:
                self._ended = True
                if not self._number:
                    raise Unreadable("file_gone", "The file is no longer stored; send it again.")
            else:
                self._held.append(zlib.decompress(content))
                self._number += 1

    def first(self) -> bytes:
        """The first block, without taking it."""
        return self._held[0] if self._held else b""

    def __next__(self) -> bytes:
        if self._held:
            return self._held.popleft()
        if self._ended:
            raise StopIteration
        raise Unreadable(
            "blank_space", "Several MiB without a row follow. Remove the empty lines and send the file again."
        )


async def read_failed(database: Database, account_id: str, job_id: str) -> set[int]:
    """The numbers of the rows that failed in a job."""
    found: set[int] = set()
    after = -1
    while batches := await database.read_single(store.list_batches, account_id, job_id, after=after, limit=_BATCHES):
        for first, packed in batches:
            found.update(result.row for result in decode_batch(packed) if result.status == "FAILED")
            after = first
    return found
