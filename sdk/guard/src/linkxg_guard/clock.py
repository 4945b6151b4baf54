"""A clock that nobody sets and that also runs while the machine sleeps, so that a bound on staleness holds."""

import time
from functools import partial

now = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
