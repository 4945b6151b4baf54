"""Rollback mode: writes a file as a whole or not at all.

The first pass plans every row and keeps the plans in a file without a name, which ends with the process. The second
writes them in one transaction, which holds only if every product is still what it was planned from.
"""

import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.imports import store
from linkxg.imports.take_rows import LEASE_MS, Plan, Whose, is_authorised
from linkxg.products.bulk.model import Planned, Written
from linkxg.products.bulk.store import write_planned

_ALONE_MS = 120_000
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Planned]).decode


class Spool:
    """Batches of plans, in the order in which they were added."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="linkxg-import-")  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, plans: Sequence[Plan]) -> None:
        packed = _encode([one for one in plans if isinstance(one, Planned)])
        self._file.write(len(packed).to_bytes(8))
        self._file.write(packed)

    def __iter__(self) -> Iterator[list[Planned]]:
        self._file.seek(0)
        while size := self._file.read(8):
            yield _decode(self._file.read(int.from_bytes(size)))


class Undone(Exception):
    """Raised within the transaction, so that nothing of it stays."""


class Denied(Exception):
    """The rights of who started the job have ended; nothing of the present transaction stays."""


def write_spooled(conn: Connection, whose: Whose, spool: Spool) -> None:
    """Write every plan. Raises Undone when one of them cannot be written any more, or the job is another worker's.

    Raises Denied when who started it may not import any more. That is decided last: a revocation need not wait for
    minutes, and one that comes first is seen.
    """
    until = now_ms() + _ALONE_MS
    if not store.hold_job(conn, whose.account_id, whose.job_id, worker=whose.worker, until=until):
        raise Undone
    for planned in spool:
        for outcome in write_planned(conn, whose.account_id, whose.actor_id, planned):
            if outcome is not Written.WRITTEN:
                raise Undone
    if not is_authorised(conn, whose):
        raise Denied
    store.hold_job(conn, whose.account_id, whose.job_id, worker=whose.worker, until=now_ms() + LEASE_MS)
