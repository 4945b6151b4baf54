"""Ids made in bulk are like those made one by one."""

from __future__ import annotations

import time
import uuid

from linkxg.ids import is_uuid, uuid7s


def test_bulk_uuids_are_version_7_ascending_and_distinct() -> None:
    before = time.time_ns() // 1_000_000
    ids = uuid7s(2_000)
    assert len(set(ids)) == 2_000
    assert ids == sorted(ids)
    for one in map(uuid.UUID, ids):
        assert is_uuid(str(one))
        assert (one.version, one.variant) == (7, uuid.RFC_4122)
        assert before <= one.int >> 80 <= time.time_ns() // 1_000_000
    # Every bit that is drawn is both, somewhere.
    drawn = [uuid.UUID(one).int & ((1 << 62) - 1) for one in ids]
    assert all(any(bits >> place & 1 for bits in drawn) and not all(bits >> place & 1 for bits in drawn)
               for place in range(62))  # fmt: skip
    assert uuid7s(0) == []
