"""The number of open tasks."""

from typing import NamedTuple

MAX_COUNTED = 100


class OpenTasks(NamedTuple):
    """Requests of partners, notices of their recalls, and requests of anybody for what passports withhold.

    Each is counted up to MAX_COUNTED.
    """

    requests: int
    notices: int
    access_requests: int

    @property
    def all(self) -> int:
        return sum(self)


NO_OPEN_TASKS = OpenTasks(0, 0, 0)
