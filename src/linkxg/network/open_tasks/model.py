"""The number of open tasks."""

from typing import NamedTuple

MAX_COUNTED = 100


class OpenTasks(NamedTuple):
    """Requests of partners, and notices of their recalls, each counted up to MAX_COUNTED."""

    requests: int
    notices: int


NO_OPEN_TASKS = OpenTasks(0, 0)
