"""How often a client may replace its own secret.

Each rotation leaves a row in the audit trail, which is never shortened, and a retired secret. Counted in the database:
the bound holds across workers, nodes and restarts.
"""

from linkxg.clock import DAY
from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import Budget, refusal
from linkxg.identity.clients.model import Client

SELF_ROTATIONS = Budget("self-rotations", 96, DAY // 1000)
"""One for each access token that a client needs in a day."""


def check_self_rotations(client: Client, now: int) -> RateLimitExceeded | None:
    """Why the client has to wait; `now` in milliseconds. Rotations by people count, and are never refused."""
    recent = [secret.created_at for secret in client.secrets if secret.created_at > now - DAY]
    if len(recent) < SELF_ROTATIONS.amount:
        return None
    left = recent[-SELF_ROTATIONS.amount] + DAY - now
    return refusal(SELF_ROTATIONS, SELF_ROTATIONS.amount, left / 1000)
