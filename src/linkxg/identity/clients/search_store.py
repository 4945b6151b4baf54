"""The SQL of the client search, compiled once: accounts may have thousands of clients."""

import re
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Select, bindparam, func, select

from linkxg.db.compiled import CompiledStatement
from linkxg.identity.clients.model import Client, Secret
from linkxg.identity.clients.store import CLIENT_COLUMNS, SECRET_COLUMNS, client_of, clients, secrets
from linkxg.identity.clients.usage_store import scope_usage

_ID = clients.c.keys().index("id")


class Search(NamedTuple):
    """A page of clients, the last use of each scope by client, and the number of matches."""

    clients: list[Client]
    used: dict[str, dict[str, int]]
    total: int


def search_clients(conn: Connection, account_id: str, *, name: str, sort: str, offset: int, limit: int) -> Search:
    """Clients whose name contains `name`, in the order `sort`: `name`, `created` or `used`."""
    total, page, page_secrets, page_scopes = _search(sort, filtered=bool(name))
    values: dict[str, Any] = {"account": account_id}
    if name:
        values["pattern"] = "%" + re.sub(r"([/%_])", r"/\1", name.lower()) + "%"
    count = total.first(conn, values)[0]
    values |= {"limit": limit, "offset": offset}
    rows = [(row[_ID], row) for row in page.all(conn, values)]
    found: dict[str, list[Secret]] = {client_id: [] for client_id, _ in rows}
    used: dict[str, dict[str, int]] = {client_id: {} for client_id, _ in rows}
    for client_id, *columns in page_secrets.all(conn, values):
        found[client_id].append(Secret(*columns))
    for client_id, scope, at in page_scopes.all(conn, values):
        used[client_id][scope] = at
    return Search([client_of(row, found[client_id]) for client_id, row in rows], used, count)


@cache
def _search(
    sort: str, *, filtered: bool
) -> tuple[CompiledStatement, CompiledStatement, CompiledStatement, CompiledStatement]:
    """The count, the clients of a page, their secrets and their scopes."""
    where = [clients.c.account_id == bindparam("account")]
    if filtered:
        where.append(func.lower(clients.c.name).like(bindparam("pattern"), escape="/"))
    order: tuple[Any, ...] = {
        "name": (func.lower(clients.c.name), clients.c.id),
        "created": (clients.c.created_at.desc(), clients.c.id),
        "used": (func.coalesce(clients.c.last_used_at, 0).desc(), clients.c.id),
    }[sort]

    def page(*columns: Any) -> Select[*tuple[Any, ...]]:
        query = select(*columns).where(*where).order_by(*order)
        return query.offset(bindparam("offset", type_=Integer)).limit(bindparam("limit", type_=Integer))

    ids = page(clients.c.id).subquery()
    of_page = select(ids.c.id)
    return (
        CompiledStatement(select(func.count()).select_from(clients).where(*where)),
        CompiledStatement(page(*CLIENT_COLUMNS)),
        CompiledStatement(
            select(secrets.c.client_id, *SECRET_COLUMNS)
            .where(secrets.c.account_id == bindparam("account"), secrets.c.client_id.in_(of_page))
            .order_by(secrets.c.id)
        ),
        CompiledStatement(
            select(scope_usage.c.client_id, scope_usage.c.scope, scope_usage.c.last_used_at).where(
                scope_usage.c.account_id == bindparam("account"), scope_usage.c.client_id.in_(of_page)
            )
        ),
    )
