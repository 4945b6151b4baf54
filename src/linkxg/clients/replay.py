"""How does a repeated request get the same new secret, although no secret is stored?

The secret is derived from a salt kept with the idempotency record, and from the server key that is kept
elsewhere. Without an Idempotency-Key the secret is simply random.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from linkxg.crypto.secrets import derive
from linkxg.db import idempotency
from linkxg.db.idempotency import Request
from linkxg.errors import IdempotencyKeyReused, PublicError

Make = Callable[[Connection, bytes | None], Any]
"""Does the work with a seed for the new secret and returns the answer without the secret, or a PublicError."""


def once(conn: Connection, request: Request | None, server_key: bytes, make: Make) -> tuple[Any, bytes | None]:
    """(answer, seed) of `make`, run once per request; a repetition gets the recorded answer and the same seed."""
    if request is None:
        return make(conn, None), None
    recorded = idempotency.find_record(conn, request)
    if recorded is not None:
        seed = _seed(server_key, recorded.salt, request)
        return (recorded.answer, seed) if recorded.matches else (IdempotencyKeyReused(), None)
    salt = idempotency.new_salt()
    seed = _seed(server_key, salt, request)
    answer = make(conn, seed)
    if not isinstance(answer, PublicError):
        idempotency.insert_record(conn, request, answer, salt=salt)
    return answer, seed


def _seed(server_key: bytes, salt: bytes, request: Request) -> bytes:
    return derive(server_key, "client secret", salt.hex(), request.account_id, request.route, request.key)
