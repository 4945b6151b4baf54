"""Lists the audit events of an account."""

import msgspec
from sqlalchemy import Connection

from linkxg.audit import store
from linkxg.audit.model import AuditEvent
from linkxg.clock import rfc3339
from linkxg.db import Database
from linkxg.db.schema import AnyRow


async def list_events(
    database: Database, account_id: str, *, before: int | None, limit: int, action: str | None = None
) -> tuple[list[AuditEvent], bool]:
    """(up to `limit` events below sequence number `before`, newest first; whether there are more)."""

    def unit(conn: Connection) -> list[AuditEvent]:
        rows = store.list_events(conn, account_id, before=before, limit=limit + 1, action=action)
        return [_event(row) for row in rows]

    found = await database.read_single(unit)
    return found[:limit], len(found) > limit


def _event(row: AnyRow) -> AuditEvent:
    return AuditEvent(
        seq=row.seq,
        at=rfc3339(row.at),
        action=row.action,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        target=row.target,
        source=row.source,
        request_id=row.request_id,
        secret_id=row.secret_id,
        details=msgspec.json.decode(row.details),
        hash=row.hash.hex(),
    )
