"""Confirms the GLN that a partner states: only one that was confirmed counts for traceability and recalls.

Whoever states the GLN of another company would otherwise be taken for it, and its recall notices would go astray.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, InvalidState, NotFound, PublicError
from linkxg.identity.accounts.store import find_account
from linkxg.network.connections import store
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import view_of
from linkxg.network.connections.write_connection import write_connection
from linkxg.network.feed.visibility_lock import lock_visibility


def pin_gln(conn: Connection, account_id: str, partner_id: str, connection_id: str, known: str | None) -> None:
    """Confirm the GLN by which this side knows the partner as the connection begins.

    Not if the partner states another one, or if it is that of another partner.
    """
    partner = find_account(conn, partner_id)
    gln = None if partner is None or partner.gln != known else known
    if gln is not None and store.has_gln(conn, account_id, gln, besides=connection_id):
        gln = None
    store.update_connection(conn, account_id, connection_id, partner_gln=gln)


async def confirm_gln(
    database: Database,
    actor: Actor,
    account_id: str,
    connection_id: str,
    gln: str,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ConnectionView]:
    """Raises NotFound, InvalidState unless the partner states this GLN, or Conflict if it is that of another one."""

    def make(conn: Connection) -> ConnectionView | PublicError:
        store.lock_connection(conn, account_id, connection_id)
        # As accepting does, which may confirm this GLN for another partner.
        lock_visibility(conn, account_id)
        row = store.view_connection(conn, account_id, connection_id)
        if row is None:
            return NotFound()
        if row.status != "ACTIVE":
            return InvalidState("Only the GLN of a connected partner can be confirmed.")
        if row.gln != gln:
            return InvalidState("The partner does not state this GLN.")
        if store.has_gln(conn, account_id, gln, besides=connection_id):
            return Conflict("This is the confirmed GLN of another partner of yours.")
        store.update_connection(conn, account_id, connection_id, partner_gln=gln)
        details = {"gln": gln, "before": row.partner_gln}
        audit.record(conn, account_id, actor, "connection.gln_confirmed", connection_id, details)
        return view_of(conn, account_id, connection_id)

    return await write_connection(database, actor, account_id, connection_id, "confirm-gln", idempotency_key, gln, make)
