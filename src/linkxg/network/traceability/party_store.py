"""The SQL of parties: the sources and destinations of own events, and the connections of the account by their GLNs."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, String, and_, bindparam, literal, or_, select

from linkxg.db.compiled import CompiledStatement
from linkxg.db.integers import numbered, prepare_any_number
from linkxg.db.join_order import OrderedJoin
from linkxg.identity.accounts.store import accounts
from linkxg.network.connections.store import connections
from linkxg.network.epcis.events.store import event_items, event_values, events
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.walk_store import DIRECTIONS, WalkDirection, counts

_ACCOUNT, _ROWS = bindparam("account", type_=String), bindparam("rows", type_=BigInteger)
_ei, _e, _v, _c = event_items.c, events.c, event_values.c, connections.c
_NAMES = {
    "upstream": ("source_possessing_party", "source_owning_party"),
    "downstream": ("destination_possessing_party", "destination_owning_party"),
}


class PartyRow(NamedTuple):
    item_id: int
    party: str
    event_id: int
    event_time: int


class ConnectionRow(NamedTuple):
    id: str
    status: str
    partner_id: str
    name: str
    gln: str | None
    """The confirmed one."""


def _parties(direction: WalkDirection, include_voided: bool) -> CompiledStatement:
    named = _v.name.in_([literal(name) for name in _NAMES[direction]])
    joined = OrderedJoin(event_items, events, _e.id == _ei.event_id).then(
        event_values, and_(_v.account_id == _ACCOUNT, _v.event_id == _ei.event_id, named, _v.text.is_not(None))
    )
    query = select(_ei.item_id, _v.text, _ei.event_id, _e.event_time).select_from(joined)
    query = query.where(_ei.account_id == _ACCOUNT, counts(include_voided)).limit(_ROWS)
    return prepare_any_number(_ei.item_id, "items", query.where)


_PARTIES = {(way, voided): _parties(way, voided) for way in DIRECTIONS for voided in (False, True)}
# An invitation does not tell who is invited.
_KNOWN = or_(_c.status == "ACTIVE", and_(_c.status == "REVOKED", _c.responded_at.is_not(None)))
_CONNECTIONS = CompiledStatement(
    select(_c.id, _c.status, _c.partner_id, accounts.c.name, _c.partner_gln)
    .select_from(connections.join(accounts, accounts.c.id == _c.partner_id))
    .where(_c.account_id == _ACCOUNT, _KNOWN)
    # One that is active, of an account with several.
    .order_by(_c.status.desc(), _c.id)
)
_GLN = CompiledStatement(select(accounts.c.gln).where(accounts.c.id == _ACCOUNT))


def list_parties(
    conn: Connection, account_id: str, direction: WalkDirection, item_ids: Iterable[int], bounds: Bounds, *, rows: int
) -> list[PartyRow]:
    """Up to `rows` sources (for the way upstream) or destinations of events about these items."""
    given: dict[str, Any] = {"account": account_id, "items": numbered(conn, item_ids), "rows": rows}
    found = _PARTIES[direction, bounds.include_voided].all(conn, given | bounds.parameters)
    return [*map(PartyRow._make, found)]


def list_connections(conn: Connection, account_id: str) -> list[ConnectionRow]:
    """Active and ended connections with their partners; the last of a partner is an active one, if there is any."""
    return [*map(ConnectionRow._make, _CONNECTIONS.all(conn, {"account": account_id}))]


def find_gln(conn: Connection, account_id: str) -> str | None:
    row = _GLN.first(conn, {"account": account_id})
    return None if row is None else row[0]
