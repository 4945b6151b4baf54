"""Client secrets in answers that may be repeated (decision 0008).

A secret is derived from the server key, which is kept outside the database, and from a salt that is kept with the
idempotency record. A repetition gets it only while it is the client's newest live secret (OWASP ASVS 8.2.1).
"""

from linkxg.clock import now_ms
from linkxg.crypto.secrets import CLIENT_SECRET, derive, digest, new_secret, same
from linkxg.db.idempotency import Request
from linkxg.errors import Conflict
from linkxg.identity.clients.model import Client


def derive_secret(server_key: bytes, request: Request, salt: bytes) -> str:
    """The secret in the answer to `request`."""
    return new_secret(CLIENT_SECRET, derive(server_key, "client secret", *request.salted(salt)))


def replaced(client: Client, secret: str) -> Conflict | None:
    """Why a repetition does not get `secret` any more."""
    newest = client.secrets[-1] if client.secrets else None
    if newest is not None and newest.is_live(now_ms()) and same(newest.digest, digest(secret)):
        return None
    return Conflict(
        "This request was already answered, but its secret has since been replaced or has expired. "
        "To get a new secret, rotate with another Idempotency-Key."
    )
