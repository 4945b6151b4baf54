"""Writes of a recall, each answered with its details."""

from collections.abc import Callable

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, RecordedId, Request, find_record
from linkxg.errors import IdempotencyKeyReused, PublicError
from linkxg.identity.authorization.write_as import write_as, write_once_by_id
from linkxg.network.recalls.model import RecallDetails
from linkxg.network.recalls.read_recalls import read_recall


async def find_replay(
    database: Database, actor: Actor, request: Request, account_id: str
) -> IdempotentOutcome[RecallDetails] | None:
    """The answer to a repetition, before what it asks for is checked again: that may hold no longer, and is costly.

    Raises IdempotencyKeyReused, and InvalidToken as `write_as` does.
    """
    if request.key is None:
        return None
    recorded = await write_as(database, actor, find_record, request)
    if recorded is None:
        return None
    if not recorded.matches:
        raise IdempotencyKeyReused
    return IdempotentOutcome(await read_recall(database, account_id, recorded.read(RecordedId).id), True)


async def write_recall(
    database: Database,
    actor: Actor,
    request: Request,
    account_id: str,
    recall_id: str,
    write: Callable[[Connection], PublicError | None],
) -> IdempotentOutcome[RecallDetails]:
    """The details are read after the commit: what partners have passed on can be long, and other writers would wait.

    Raises the error that `write` returns.
    """

    def make(conn: Connection) -> RecordedId | PublicError:
        return write(conn) or RecordedId(recall_id)

    written = await write_once_by_id(database, actor, request, make, lambda _, id: RecordedId(id))
    return IdempotentOutcome(await read_recall(database, account_id, written.value.id), written.replayed)
