"""glibc's malloc settings for password hashing, which allocates 19 MiB per hash.

By default each thread has an arena, which keeps that memory until the process ends. With one arena all threads reuse
it, and it can be released.
"""

import contextlib
import ctypes

_M_ARENA_MAX = -8


def use_single_arena() -> None:
    """Call before any thread is started. Without effect on other C libraries."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def release_memory() -> None:
    """Return unused memory to the system."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
