"""Reads the connections of an account."""

from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.clock import now_ms, rfc3339, rfc3339_or_none
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.network.connections import store
from linkxg.network.connections.model import ConnectionStatus, ConnectionView, Direction, Partner, Relationship


async def read_connection(database: Database, account_id: str, connection_id: str) -> ConnectionView:
    """Raises NotFound."""
    row = await database.read_single(store.view_connection, account_id, connection_id)
    if row is None:
        raise NotFound
    return connection_view(row, now_ms())


async def read_connections(database: Database, account_id: str, ids: Iterable[str]) -> list[ConnectionView]:
    """Those of these ids that are connections of the account, in one transaction."""
    now = now_ms()

    def unit(conn: Connection) -> list[AnyRow]:
        found = (store.view_connection(conn, account_id, one) for one in sorted(set(ids)))
        return [row for row in found if row is not None]

    return [connection_view(row, now) for row in await database.read(unit)]


async def list_connections(
    database: Database,
    account_id: str,
    *,
    before: str | None,
    limit: int,
    status: ConnectionStatus | None = None,
    direction: Direction | None = None,
    relationship: Relationship | None = None,
) -> tuple[list[ConnectionView], bool]:
    """Newest first, and whether more follow."""
    now = now_ms()

    def unit(conn: Connection) -> list[AnyRow]:
        return store.list_connections(
            conn, account_id, now=now, before=before, limit=limit + 1,
            status=status, direction=direction, relationship=relationship,
        )  # fmt: skip

    rows = await database.read(unit)
    return [connection_view(row, now) for row in rows[:limit]], len(rows) > limit


def view_of(conn: Connection, account_id: str, connection_id: str) -> ConnectionView | NotFound:
    """Inside a unit of work."""
    row = store.view_connection(conn, account_id, connection_id)
    return NotFound() if row is None else connection_view(row, now_ms())


def connection_view(row: AnyRow, now: int) -> ConnectionView:
    is_expired = row.status == "PENDING" and row.expires_at <= now
    known = row.partner_name is not None
    return ConnectionView(
        row.id,
        "EXPIRED" if is_expired else row.status,
        row.direction,
        row.relationship,
        Partner(row.partner_id, row.partner_name, row.slug, row.gln) if known else None,
        row.invitee,
        row.message,
        rfc3339(row.invited_at),
        rfc3339(row.expires_at),
        rfc3339_or_none(row.responded_at),
        rfc3339_or_none(row.ended_at),
        row.ended_by,
        row.reason,
        row.partner_gln,
    )
