"""A history of operations of concurrent callers, and the checks of its consistency.

An append-only list of operations, each with the moment it was invoked and the moment its answer came. The outcome is
`ok` (acknowledged), `fail` (refused: nothing may have happened) or `info` (no answer, or 503: it has happened or it has
not). The checks are those of promises R1 to R4 and R19; each returns what it found wrong, in words.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from harness.answers import Answer

Outcome = Literal["ok", "fail", "info"]


@dataclass
class Operation:
    """One request. `needs` must be alive for it to succeed, `ends` is dead once it has, `makes` then lives.

    Members of the three are secrets, tokens or ids: whatever can be alive or dead. Operations with the same `key` (an
    Idempotency-Key) are repetitions of one request. One that is not `certain` to change anything repeats, without a
    key, one whose answer was lost.
    """

    actor: str
    name: str
    needs: tuple[str, ...]
    ends: tuple[str, ...]
    invoked_at: float
    returned_at: float = float("inf")
    outcome: Outcome = "info"
    makes: str | None = None
    key: str | None = None
    certain: bool = True
    request_id: str | None = field(default=None, repr=False)

    def answered(self, answer: Answer, *, makes: str | None = None) -> None:
        """Note what came back; 503 says nothing about what happened."""
        self.returned_at = time.monotonic()
        self.outcome = "ok" if answer.status < 300 else "info" if answer.status >= 500 else "fail"
        self.makes = makes
        self.request_id = answer.header("x-request-id")

    def __str__(self) -> str:
        return f"{self.actor} {self.name} {self.outcome} at {self.invoked_at:.3f}-{self.returned_at:.3f}"


class History:
    """Operations in the order of their invocation, from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operations: list[Operation] = []

    @contextmanager
    def operation(
        self,
        actor: str,
        name: str,
        *,
        needs: Iterable[str] = (),
        ends: Iterable[str] = (),
        key: str | None = None,
        certain: bool = True,
    ) -> Iterator[Operation]:
        """Around one request; call `answered` on what it yields. Without that, the outcome stays unknown."""
        begun = Operation(actor, name, tuple(needs), tuple(ends), time.monotonic(), key=key, certain=certain)
        with self._lock:
            self._operations.append(begun)
        yield begun

    def all(self) -> list[Operation]:
        with self._lock:
            return list(self._operations)

    def acknowledged(self, name: str | None = None) -> list[Operation]:
        return [done for done in self.all() if done.outcome == "ok" and name in {None, done.name}]


def forks(history: History, name: str = "refresh") -> list[str]:
    """Promise R2: the chain of every session is a path. A token never has two children, a child never two parents."""
    children: dict[str, set[str]] = defaultdict(set)
    parents: dict[str, set[str]] = defaultdict(set)
    for done in history.acknowledged(name):
        assert done.makes is not None
        (used,) = done.ends
        children[used].add(done.makes)
        parents[done.makes].add(used)
    found = [f"a token has {len(made)} children" for made in children.values() if len(made) > 1]
    return found + [f"a token has {len(used)} parents" for used in parents.values() if len(used) > 1]


def resurrections(history: History, bound: float = 0.0) -> list[str]:
    """Promises R1, R3 and R4: nothing that was acknowledged as ended serves what is invoked `bound` seconds later.

    A repetition of the operation that ended it (a replay) is no resurrection.
    """
    ended: dict[str, Operation] = {}
    for done in history.acknowledged():
        for thing in done.ends:
            if thing not in ended or done.returned_at < ended[thing].returned_at:
                ended[thing] = done
    found = []
    for later in history.acknowledged():
        for thing in later.needs:
            end = ended.get(thing)
            if end is None or end is later or end.returned_at + bound >= later.invoked_at:
                continue
            if end.name == later.name and end.makes is not None and end.makes == later.makes:
                continue
            found.append(f"[{later}] used what [{end}] had ended")
    return found


class AuditRow(NamedTuple):
    """What one row of the trail says."""

    action: str
    request_id: str
    actor: str
    target: str


def trail_differences(history: History, rows: Iterable[AuditRow], actions: dict[str, str]) -> list[str]:
    """Promise R19: a row of the trail exists if and only if the change does. `actions` names the row of each operation.

    A row may belong to an operation whose answer was lost, but not to one that was refused.
    """
    rows_of: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.action in actions.values():
            rows_of[row.request_id].append(row.action)
    audited = [done for done in history.all() if done.name in actions]
    lost = [done for done in audited if done.outcome == "info"]
    repeated = {done.key for done in lost if done.key is not None}
    found: list[str] = []
    for done in audited:
        count = rows_of.pop(done.request_id or "", []).count(actions[done.name])
        excused = count == 0 and (done.key in repeated or not done.certain)
        if done.outcome == "ok" and count != 1 and not excused:
            found.append(f"[{done}] is acknowledged and has {count} rows")
        if done.outcome == "fail" and count:
            found.append(f"[{done}] was refused and has a row")
    unheard = Counter(actions[done.name] for done in lost)
    unclaimed = Counter(action for left in rows_of.values() for action in left)
    return found + [
        f"{count} rows {action} belong to no answer, and {unheard[action]} answers were lost"
        for action, count in unclaimed.items()
        if count > unheard[action]
    ]
