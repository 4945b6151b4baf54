"""Garbage collection of a process that starts, and of one that serves.

Nearly everything that modules make stays: looking through it time and again took a quarter of the start.
"""

import gc

_SERVING = gc.get_threshold()
_STARTING = (50_000, 20, 20)


def collect_rarely() -> None:
    """Call before the modules of a command are loaded."""
    gc.set_threshold(*_STARTING)


def freeze() -> None:
    """Set aside what the start has made: a full collection that looks at it would hold every request up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SERVING)
