"""How is the file of a job read again, and the set of its failed rows?"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

from linkxg.imports import store
from linkxg.imports.lines import Unreadable
from linkxg.imports.take_rows import unpack

_BATCHES = 100


def read_blocks(read: Callable[..., Any], account_id: str, file_id: str) -> Iterator[bytes]:
    """The unpacked file, in blocks. Raises Unreadable when it is gone."""
    number = 0
    while (content := read(store.find_block, account_id, file_id, number)) is not None:
        yield zlib.decompress(content)
        number += 1
    if not number:
        raise Unreadable("file_gone", "The file is not kept any more; send it again.")


def read_failed(read: Callable[..., Any], account_id: str, job_id: str) -> set[int]:
    """The numbers of the rows that failed in a job."""
    found: set[int] = set()
    after = -1
    while batches := read(store.list_batches, account_id, job_id, after=after, limit=_BATCHES):
        for first, packed in batches:
            found.update(result.row for result in unpack(packed) if result.status == "FAILED")
            after = first
    return found
