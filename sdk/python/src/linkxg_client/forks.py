"""What a process inherits by fork and must not use: locks that another thread held, and open connections."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Inherited(Protocol):
    def after_fork(self) -> None:
        """Called in the child."""


_known: weakref.WeakSet[Inherited] = weakref.WeakSet()


def renew_after_fork(one: Inherited) -> None:
    """Call `one.after_fork()` in every child process."""
    _known.add(one)


def _renew() -> None:
    for one in list(_known):
        one.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
