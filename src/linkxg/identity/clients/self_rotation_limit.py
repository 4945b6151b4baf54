"""The rate limit of rotations by the client itself, because each adds rows that are kept for years.

Counted in the database, so that it is shared by all workers and survives restarts.
"""

from linkxg.clock import DAY
from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import Budget, refusal
from linkxg.identity.clients.model import Client

SELF_ROTATIONS = Budget("self-rotations", 96, DAY // 1000)
"""A day's number of access tokens, each of 15 minutes."""


def check_self_rotations(client: Client, now: int) -> RateLimitExceeded | None:
    """The error if the limit is reached; `now` in milliseconds. Rotations by people count, but are not limited."""
    recent = [secret.created_at for secret in client.secrets if secret.created_at > now - DAY]
    if len(recent) < SELF_ROTATIONS.amount:
        return None
    left = recent[-SELF_ROTATIONS.amount] + DAY - now
    return refusal(SELF_ROTATIONS, SELF_ROTATIONS.amount, left / 1000)
