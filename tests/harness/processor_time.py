"""The processor time that code under test takes of this thread: what others do meanwhile is not counted."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Measured:
    seconds = 0.0


@contextmanager
def processor_time() -> Iterator[Measured]:
    """Fills in the seconds when the block ends.

    The process holds what thousands of tests have made: the collector would look through it in the middle of the block.
    """
    measured = Measured()
    gc.disable()
    began = time.thread_time()
    try:
        yield measured
    finally:
        measured.seconds = time.thread_time() - began
        gc.enable()
