"""Returns the memory of password hashing to the system.

19 MiB each time. glibc keeps it for the next allocation, which is quick, but one arena for every thread and until the
process ends. With one arena for all threads the next hash finds it wherever it runs, and it can be given back.
"""

import contextlib
import ctypes

_M_ARENA_MAX = -8


def use_single_arena() -> None:
    """Before any thread is started. Another C library than glibc does as it likes."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def release_memory() -> None:
    """Return to the system what was allocated and is not used any more."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
