"""Writes on behalf of a caller, who is authorised again in the same transaction (OWASP ASVS 8.3.2).

The guard decides when a request arrives; by the time of the write the caller may have been demoted, disabled, removed
or signed out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.database import P, T, Unit
from linkxg.db.idempotency import IdempotentOutcome, Make, Recall, Recorded, RecordedId, Request, run_once
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InvalidToken, PublicError
from linkxg.identity.authorization import store


class HasId(Protocol):
    @property
    def id(self) -> str: ...


_AUTHORISED_OTHERWISE = ("cli", "provider", "scanner")
"""The operator, the account's identity provider and a secret scanner, which have neither session nor token here."""
H = TypeVar("H", bound=HasId)


class _Unauthorised(NamedTuple):
    error: InvalidToken


async def write_as(database: Database, actor: Actor, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`database.write` for `actor`. Raises InvalidToken, with nothing written, if their permissions have changed.

    Use `revoke_as` for a unit that may change the acting person, their session or the acting client.
    """

    def authorised(conn: Connection) -> T | _Unauthorised:
        lock_caller(conn, actor.id or "", shared=True)
        error = authorise(conn, actor)
        return unit(conn, *args, **kwargs) if error is None else _Unauthorised(error)

    return _outcome(await database.write(authorised))


async def require_authorised(database: Database, actor: Actor) -> None:
    """Raises InvalidToken if the actor's permissions have changed; for verbs that ask a provider before they write."""
    error = await database.read(authorise, actor)
    if error is not None:
        raise error


async def write_once(
    database: Database,
    actor: Actor,
    request: Request,
    make: Make[T],
    recall: Recall[T],
    *,
    record: Callable[[T], Any] = lambda made: made,
    salt: bytes = b"",
) -> IdempotentOutcome[T]:
    """`run_once` in a unit of work for `actor`. Raises its errors, and InvalidToken as `write_as` does."""

    def unit(conn: Connection) -> IdempotentOutcome[T] | PublicError:
        return run_once(conn, request, make, recall, record=record, salt=salt)

    return value_or_raise(await write_as(database, actor, unit))


async def write_once_by_id(
    database: Database,
    actor: Actor,
    request: Request,
    make: Make[H],
    find: Callable[[Connection, str], H | PublicError],
) -> IdempotentOutcome[H]:
    """`write_once` for what has an id: a replay shows it as it is by now."""

    def recall(conn: Connection, recorded: Recorded) -> H | PublicError:
        return find(conn, recorded.read(RecordedId).id)

    return await write_once(database, actor, request, make, recall, record=lambda made: RecordedId(made.id))


async def revoke_as(
    database: Database, actor: Actor, account_id: str, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """`write_as` for a unit that may reduce a caller's permissions, perhaps the actor's; serialised per account.

    Two such units that lock each other's actor would deadlock.
    """

    def authorised(conn: Connection) -> T | _Unauthorised:
        store.lock_account(conn, account_id)
        lock_caller(conn, actor.id or "")
        error = authorise(conn, actor)
        return unit(conn, *args, **kwargs) if error is None else _Unauthorised(error)

    return _outcome(await database.write(authorised))


def authorise(conn: Connection, actor: Actor) -> InvalidToken | None:
    """Inside a unit of work: an error unless the actor's token or session is still valid."""
    if actor.kind in _AUTHORISED_OTHERWISE:
        return None
    if actor.id is None or actor.account_id is None:
        return InvalidToken(reason="no caller")
    if actor.kind == "scim":
        is_live = store.find_scim_token(conn, actor.account_id, actor.id, now=now_ms())
        return None if is_live else InvalidToken(reason="SCIM token ended before the write")
    if actor.epoch is None:
        return InvalidToken(reason="no caller")
    if actor.kind == "user":
        role, session_id = actor.role, actor.session_id
        current = store.person_is_authorised(
            conn, actor.account_id, actor.id, epoch=actor.epoch, role=role, session_id=session_id, now=now_ms()
        )
    else:
        current = store.find_client(conn, actor.account_id, actor.id, epoch=actor.epoch, jti=actor.jti)
    return None if current else InvalidToken(reason="rights ended before the write")


def _outcome(outcome: T | _Unauthorised) -> T:
    if isinstance(outcome, _Unauthorised):
        raise outcome.error
    return outcome
