"""Reads the graph of an item, and the events that it was derived from."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.database import P, ReadTooLong, T, Unit
from linkxg.errors import InvalidRequest, NotFound, RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.long_answer import LongAnswer
from linkxg.http.rate_limits import Budget, rate_limit_fields
from linkxg.network.shared_products.model import CountReads
from linkxg.network.traceability import document_store
from linkxg.network.traceability.document_store import EventContent
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.find_graph import FoundGraph, GraphQuery, find_graph
from linkxg.network.traceability.model import Graph
from linkxg.network.traceability.read_query import UNSEEN_ITEM
from linkxg.network.traceability.tombstones import HiddenParty
from linkxg.network.traceability.view_graph import view_graph
from linkxg.network.traceability.walk_turns import walk_turn
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

Pseudonymizer = Callable[[str, HiddenParty, str], str]
GRAPHS = Budget("traceability", 1_200, 60)
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
ATTEMPTS = 3
WALK_S = 10.0
MAX_WALKS_OF_ACCOUNT = 8
"""That a worker reads at the same time."""
_RETRY_S = 1
_walks = ConcurrencyLimit(MAX_WALKS_OF_ACCOUNT)


class TraceReader(NamedTuple):
    """What the verbs of traceability need."""

    database: Database
    pseudonym: Pseudonymizer
    count_reads: CountReads


async def read_aside(database: Database, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """One snapshot, with a deadline and off the event loop of SQLite, since a walk may read 200,000 rows.

    Raises InvalidRequest if it takes too long.
    """
    try:
        return await database.read_bounded(unit, WALK_S, *args, **kwargs)
    except ReadTooLong:
        raise InvalidRequest("The request took too long. Reduce maxNodes or the time range.") from None


async def read_settled(
    reader: TraceReader, answer: LongAnswer | None, is_unchanged: Callable[[Connection, T, int], bool],
    unit: Callable[[Connection], T | None],
) -> T:  # fmt: skip
    """What `unit` finds. If it took long, the shares and the caller are checked again at the end.

    Raises NotFound, InvalidRequest if it takes too long, the errors of the guard, RateLimitExceeded for too many
    at the same time, and TemporarilyUnavailable if the shares keep changing.
    """
    if answer is None:
        return await _read_settled(reader, None, is_unchanged, unit)
    with _walks.slot(answer.account_id) as is_free:
        if not is_free:
            raise RateLimitExceeded(
                f"At most {MAX_WALKS_OF_ACCOUNT} traces per account at a time.",
                retry_after=_RETRY_S,
                headers=rate_limit_fields("traces", MAX_WALKS_OF_ACCOUNT, _RETRY_S, _RETRY_S),
            )
        return await _read_settled(reader, answer, is_unchanged, unit)


async def _read_settled(
    reader: TraceReader, answer: LongAnswer | None, is_unchanged: Callable[[Connection, T, int], bool],
    unit: Callable[[Connection], T | None],
) -> T:  # fmt: skip
    for _ in range(ATTEMPTS):
        if answer is None:
            found = await read_aside(reader.database, unit)
        else:
            async with walk_turn(reader.database, answer.account_id):
                found = await read_aside(reader.database, unit)
        if found is None:
            raise NotFound(UNSEEN_ITEM)
        if answer is None or not answer.took_long:
            return found
        if await read_aside(reader.database, is_unchanged, found, now_ms()):
            await answer.authorise()
            return found
    raise TemporarilyUnavailable("shares change while they are read")


async def read_graph(
    reader: TraceReader, account_id: str, query: GraphQuery, answer: LongAnswer | None = None
) -> Graph:
    """Raises NotFound, and the errors of `read_settled`."""

    def unit(conn: Connection) -> FoundGraph | None:
        return find_graph(conn, account_id, query, now_ms())

    found = await read_settled(reader, answer, lambda conn, one, now: is_still_shared(conn, one.walk.faces, now), unit)
    count_partner_reads(reader, account_id, found.walk.faces)
    return view_graph(found, query.bounds.as_of, partial(reader.pseudonym, account_id))


async def read_graph_events(
    reader: TraceReader, account_id: str, query: GraphQuery, answer: LongAnswer | None = None
) -> list[EventContent]:
    """The account's own events that the graph is derived from, in the order of their times.

    Raises NotFound, InvalidRequest if they are more than 16 MiB, and the errors of `read_settled`.
    """

    def unit(conn: Connection) -> tuple[FoundGraph, list[EventContent] | None] | None:
        found = find_graph(conn, account_id, query, now_ms())
        if found is None:
            return None
        ids = {edge.event_id for edge in found.edges if edge.event_id is not None}
        if document_store.sum_lengths(conn, account_id, ids) > MAX_DOCUMENT_BYTES:
            return found, None
        return found, document_store.list_contents(conn, account_id, ids)

    found, events = await read_settled(
        reader, answer, lambda conn, both, now: is_still_shared(conn, both[0].walk.faces, now), unit
    )
    if events is None:
        raise InvalidRequest("The events of this graph are larger than 16 MiB. Ask for fewer nodes with maxNodes.")
    count_partner_reads(reader, account_id, found.walk.faces)
    return events


def is_still_shared(conn: Connection, faces: Faces | None, now: int) -> bool:
    return faces is None or faces.is_unchanged(conn, now)


def count_partner_reads(reader: TraceReader, account_id: str, faces: Faces | None) -> None:
    """Reads of partners' events, by partner."""
    if faces is not None:
        for owner_id, product_ids in faces.products_read().items():
            reader.count_reads(owner_id, account_id, product_ids)
