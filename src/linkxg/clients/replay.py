"""A repeated request gets the same new secret, although no secret is stored.

The secret is derived from a salt kept with the idempotency record, and from the server key that is kept elsewhere.
Without an Idempotency-Key the secret is simply random. A replay is authorised as a fresh request is, and given only
while its secret is the client's live one (OWASP ASVS 8.2.1).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.clients import store
from linkxg.clock import now_ms
from linkxg.crypto.secrets import CLIENT_SECRET, derive, digest, new_secret, same
from linkxg.db import idempotency
from linkxg.db.idempotency import Recorded, Request
from linkxg.errors import Conflict, IdempotencyKeyReused, PublicError

Make = Callable[[Connection, bytes | None], Any]
"""Does the work with a seed for the new secret and returns the answer without the secret, or a PublicError."""
Permit = Callable[[Connection], PublicError | None]
"""Why the caller may not be given the answer of an earlier request."""


class Outcome(NamedTuple):
    """The answer, the seed of its secret if that is derived, and whether it was given before."""

    answer: Any
    seed: bytes | None
    replayed: bool


def _anybody(_: Connection) -> None:
    return None


def once(
    conn: Connection, request: Request | None, server_key: bytes, make: Make, permit: Permit = _anybody
) -> Outcome | PublicError:
    """`make`, run once per request; a repetition gets the recorded answer and the same seed, while both still hold."""
    if request is None:
        return _first(make(conn, None), None)
    recorded = idempotency.find_record(conn, request)
    if recorded is not None:
        return permit(conn) or _replay(conn, request, server_key, recorded)
    salt = idempotency.new_salt()
    seed = _seed(server_key, salt, request)
    answer = make(conn, seed)
    if not isinstance(answer, PublicError):
        idempotency.insert_record(conn, request, answer, salt=salt)
    return _first(answer, seed)


def _first(answer: Any, seed: bytes | None) -> Outcome | PublicError:
    return answer if isinstance(answer, PublicError) else Outcome(answer, seed, False)


def _replay(conn: Connection, request: Request, server_key: bytes, recorded: Recorded) -> Outcome | PublicError:
    if not recorded.matches:
        return IdempotencyKeyReused()
    client = store.find_account_client(conn, request.account_id, recorded.answer["client_id"])
    if client is None:
        return Conflict("This request was answered before, and its client has been deleted since.")
    seed = _seed(server_key, recorded.salt, request)
    newest = client.secrets[-1] if client.secrets else None
    if (
        newest is None
        or not newest.is_live(now_ms())
        or not same(newest.digest, digest(new_secret(CLIENT_SECRET, seed)))
    ):
        return Conflict(
            "This request was answered before, and its secret has been replaced or has expired since. "
            "To get a new secret, rotate with another Idempotency-Key."
        )
    return Outcome(recorded.answer, seed, True)


def _seed(server_key: bytes, salt: bytes, request: Request) -> bytes:
    return derive(server_key, "client secret", salt.hex(), request.account_id, request.route, request.key)
