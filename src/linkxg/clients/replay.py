"""How does a repeated request get the same new secret, although no secret is stored?

The secret is derived from a salt kept with the idempotency record, and from the server key that is kept
elsewhere. Without an Idempotency-Key the secret is simply random.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.crypto.secrets import derive, digest
from linkxg.db import idempotency
from linkxg.errors import IdempotencyKeyReused, PublicError


class Request(NamedTuple):
    """What makes two requests the same: route, key and content, all of one account and one caller."""

    account_id: str
    route: str
    key: str
    content: Any

    @property
    def key_digest(self) -> bytes:
        return digest(self.key)

    @property
    def request_digest(self) -> bytes:
        return digest(msgspec.json.encode(self.content, order="sorted").decode())


Make = Callable[[Connection, bytes | None], Any]
"""Does the work with a seed for the new secret and returns the answer without the secret, or a PublicError."""


def once(conn: Connection, request: Request | None, server_key: bytes, make: Make) -> tuple[Any, bytes | None]:
    """(answer, seed) of `make`, run once per request; a repetition gets the recorded answer and the same seed."""
    if request is None:
        return make(conn, None), None
    recorded = idempotency.find_record(
        conn,
        request.account_id,
        route=request.route,
        key_digest=request.key_digest,
        request_digest=request.request_digest,
    )
    if recorded is not None:
        seed = _seed(server_key, recorded.salt, request)
        return (recorded.answer, seed) if recorded.matches else (IdempotencyKeyReused(), None)
    salt = idempotency.new_salt()
    seed = _seed(server_key, salt, request)
    answer = make(conn, seed)
    if not isinstance(answer, PublicError):
        idempotency.insert_record(
            conn,
            request.account_id,
            route=request.route,
            key_digest=request.key_digest,
            request_digest=request.request_digest,
            salt=salt,
            answer=answer,
        )
    return answer, seed


def _seed(server_key: bytes, salt: bytes, request: Request) -> bytes:
    return derive(server_key, "client secret", salt.hex(), request.account_id, request.route, request.key)
