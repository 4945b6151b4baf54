"""Client secrets that a replay can return again (decision 0008).

A secret is derived from the server key, which is not in the database, and from a salt in the idempotency record. A
replay returns it only while it is the client's newest live secret (OWASP ASVS 8.2.1).
"""

from linkxg.clock import now_ms
from linkxg.crypto.secrets import CLIENT_SECRET, constant_time_equal, derive, digest, new_secret
from linkxg.db.idempotency import Request
from linkxg.errors import Conflict
from linkxg.identity.clients.model import Client


def derive_secret(server_key: bytes, request: Request, salt: bytes) -> str:
    """The secret in the answer to `request`."""
    return new_secret(CLIENT_SECRET, derive(server_key, "client secret", *request.salted(salt)))


def check_secret_current(client: Client, secret: str) -> Conflict | None:
    """An error unless `secret` is the client's newest live secret."""
    newest = client.secrets[-1] if client.secrets else None
    if newest is not None and newest.is_live(now_ms()) and constant_time_equal(newest.digest, digest(secret)):
        return None
    return Conflict(
        "This request was already answered, but its secret has since been replaced or has expired. "
        "To get a new secret, rotate with another Idempotency-Key."
    )
