"""Creates, reads and deletes named queries: views on the events of an account."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.idempotency import IdempotentOutcome, Request, as_recorded
from linkxg.errors import Conflict, PublicError
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import fault
from linkxg.identity.authorization.write_as import write_as, write_once
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.errors import NoSuchNameException, QueryParameterException
from linkxg.network.epcis.query import named_query_store as store
from linkxg.network.epcis.query.model import EventQuery
from linkxg.network.epcis.query.named_query_model import MAX_NAME, MAX_QUERIES, NamedQuery
from linkxg.network.epcis.query.named_query_store import StoredQuery
from linkxg.network.epcis.query.parameter_values import shown
from linkxg.network.epcis.query.parameters import query_or_error, read_query

QUERIES = Budget("epcis-queries", 300, 3_600)
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._~-]{{0,{MAX_NAME - 1}}}")
_CONTEXT = "@context"
_TAKEN = "A query with this name already exists."
EndSubscriptions = Callable[[Connection, Actor, str, str], None]
"""Ends the subscriptions of a query of an account, in the transaction that deletes it."""


def read_named(query: dict[str, Any]) -> EventQuery:
    """Raises QueryParameterException or ImplementationException."""
    contexts = read_contexts(query.get(_CONTEXT))
    if not isinstance(contexts, Contexts):
        raise QueryParameterException(f"The member {_CONTEXT} of the query is invalid. {contexts.message}")
    given = {name: value if isinstance(value, list) else [value] for name, value in query.items() if name != _CONTEXT}
    for name, values in given.items():
        if any(isinstance(value, dict | list) for value in values):
            raise QueryParameterException(f"The parameter {shown(name)} must be a value or a list of values.")
    return query_or_error(read_query(given, contexts.prefixes))


async def create_query(
    database: Database, actor: Actor, account_id: str, given: NamedQuery, idempotency_key: str | None
) -> IdempotentOutcome[NamedQuery]:
    """Raises the errors of `read_named`, or Conflict for a name that is taken, or too many queries."""
    if not _NAME.fullmatch(given.name):
        rule = f"A name has 1 to {MAX_NAME} letters, digits and . _ ~ -, and must begin with a letter or digit."
        raise QueryParameterException(rule, details=[fault("name", rule)])
    read_named(given.query)
    text = msgspec.json.encode(given.query).decode()

    def make(conn: Connection) -> NamedQuery | PublicError:
        lock_until_commit(conn, f"epcis queries {account_id}")
        if store.find_query(conn, account_id, given.name) is not None:
            return Conflict(_TAKEN, details=[fault("name", _TAKEN, "taken")])
        if store.count_queries(conn, account_id) >= MAX_QUERIES:
            return Conflict(f"An account has at most {MAX_QUERIES} named queries; delete some first.")
        store.insert_query(conn, account_id, StoredQuery(given.name, text), created_at=now_ms())
        audit.record(conn, account_id, actor, "query.created", given.name, {})
        return given

    request = Request(account_id, "POST /epcis/queries", idempotency_key, [actor.id, given])
    return await write_once(database, actor, request, make, as_recorded(NamedQuery))


async def delete_query(
    database: Database, actor: Actor, account_id: str, name: str, end_subscriptions: EndSubscriptions
) -> None:
    """Raises NoSuchNameException."""

    def unit(conn: Connection) -> bool:
        if not store.lock_query(conn, account_id, name):
            return False
        end_subscriptions(conn, actor, account_id, name)
        if not store.delete_query(conn, account_id, name):
            return False
        audit.record(conn, account_id, actor, "query.deleted", name, {})
        return True

    if not await write_as(database, actor, unit):
        raise NoSuchNameException


async def read_named_query(database: Database, account_id: str, name: str) -> NamedQuery:
    """Raises NoSuchNameException."""
    found = await database.read_single(store.find_query, account_id, name)
    if found is None:
        raise NoSuchNameException
    return _view(found)


async def list_named_queries(
    database: Database, account_id: str, *, after: str, limit: int
) -> tuple[list[NamedQuery], bool]:
    """In the order of their names, and whether more follow."""

    def unit(conn: Connection) -> list[StoredQuery]:
        return store.list_queries(conn, account_id, after=after, limit=limit + 1)

    found = await database.read_single(unit)
    return list(map(_view, found[:limit])), len(found) > limit


def _view(stored: StoredQuery) -> NamedQuery:
    return NamedQuery(stored.name, msgspec.json.decode(stored.query))
