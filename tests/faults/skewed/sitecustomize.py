"""Skews the wall clock of a process.

A process that finds this file on its path has a wall clock that is SKEW_S seconds ahead; its monotonic clock is right.
"""

import os
import time

SKEW_S = float(os.environ.get("SKEW_S", "0"))
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + SKEW_S
time.time_ns = lambda: _time_ns() + int(SKEW_S * 1e9)
