"""The SQL of requests for a share."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, select, tuple_

from linkxg.catalog.products.share_store import shares
from linkxg.db.schema import AnyRow
from linkxg.identity.accounts.store import accounts
from linkxg.network.connections.request_store import share_requests
from linkxg.network.connections.store import lock_connection
from linkxg.network.requests.model import RequestDirection
from linkxg.network.shares.retention_store import KEEP_MS

_r = share_requests.c


def count_pending(conn: Connection, account_id: str, connection_id: str, limit: int) -> int:
    """The requests to this account by this connection that wait for a decision, counted up to `limit`."""
    pending = select(_r.id).where(
        _r.account_id == account_id, _r.status == "PENDING", _r.connection_id == connection_id
    )
    return conn.execute(select(func.count()).select_from(pending.limit(limit).subquery())).scalar_one()


def insert_request(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(share_requests.insert().values(account_id=account_id, status="PENDING", **values))


def lock_request(conn: Connection, account_id: str, request_id: str, direction: RequestDirection) -> AnyRow | None:
    """A request to or by this account, with its connection locked: whatever decides on it takes this lock."""
    side = _r.account_id if direction == "INCOMING" else _r.requester_id
    query = select(share_requests).where(side == account_id, _r.id == request_id)
    row = conn.execute(query).first()
    if row is None:
        return None
    lock_connection(conn, account_id, row.connection_id)
    return conn.execute(query).first()


def decide(conn: Connection, account_id: str, request_id: str, **values: Any) -> bool:
    """Decide on a request to this account; false if it is decided already: of concurrent decisions one wins."""
    pending = share_requests.update().where(_r.account_id == account_id, _r.id == request_id, _r.status == "PENDING")
    return conn.execute(pending.values(**values)).rowcount == 1


def list_pending(conn: Connection, account_id: str) -> list[str]:
    """The requests to this account that wait for a decision."""
    return list(conn.execute(select(_r.id).where(_r.account_id == account_id, _r.status == "PENDING")).scalars())


def list_decided(conn: Connection, account_id: str) -> list[AnyRow]:
    """How each request to this account was decided, without the share of an approval."""
    decided = select(_r.id, _r.status, _r.decided_at, _r.reason)
    return list(conn.execute(decided.where(_r.account_id == account_id, _r.status != "PENDING")))


def view_request(conn: Connection, account_id: str, request_id: str) -> AnyRow | None:
    """A request to or by this account, with the partner; `is_incoming` says which."""
    for side in _sides(account_id):
        if row := conn.execute(side.where(_r.id == request_id)).first():
            return row
    return None


def list_requests(
    conn: Connection, account_id: str, *, before: str | None, limit: int, direction: str | None, status: str | None
) -> list[AnyRow]:
    """As `view_request`, newest first, below the id `before`."""
    incoming, outgoing = _sides(account_id)
    conditions: list[ColumnElement[bool]] = []
    if before is not None:
        conditions.append(_r.id < before)
    if status is not None:
        conditions.append(_r.status == status)
    found: list[AnyRow] = []
    for name, side in (("INCOMING", incoming), ("OUTGOING", outgoing)):
        if direction in (None, name):
            # Each side has an index; both in one statement would not be read in order.
            found += conn.execute(side.where(*conditions).order_by(_r.id.desc()).limit(limit))
    return sorted(found, key=lambda row: str(row.id), reverse=True)[:limit]


def purge_requests(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` requests that were decided KEEP_MS ago and whose share, if any, is deleted."""
    is_kept = select(shares.c.id).where(shares.c.account_id == _r.account_id, shares.c.id == _r.share_id).exists()
    old = select(_r.account_id, _r.id).where(_r.decided_at < now - KEEP_MS, ~is_kept).limit(limit)
    return conn.execute(share_requests.delete().where(tuple_(_r.account_id, _r.id).in_(old))).rowcount


def _sides(account_id: str) -> tuple[Select[Any], Select[Any]]:
    """Requests to this account, and requests by it, each with the other account."""
    return _with(_r.requester_id, _r.account_id == account_id), _with(_r.account_id, _r.requester_id == account_id)


def _with(partner_id: Column[str], condition: ColumnElement[bool]) -> Select[Any]:
    partner = (accounts.c.id.label("partner_id"), accounts.c.name.label("partner_name"), accounts.c.slug)
    joined = share_requests.join(accounts, accounts.c.id == partner_id)
    return select(share_requests, *partner).select_from(joined).where(condition)
