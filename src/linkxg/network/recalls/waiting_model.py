"""What waits for an answer of an account."""

from typing import NamedTuple

MAX_COUNTED = 100


class Waiting(NamedTuple):
    """Requests of partners, and notices of their recalls, each counted up to MAX_COUNTED."""

    requests: int
    notices: int


NOTHING_WAITS = Waiting(0, 0)
