"""Where a graph ends at somebody else: parties that own events name, and partners who share no further.

Whatever is said here follows from the viewer's own events and connections, and from live shares: an answer is the same
whether or not the party has an account or has captured events.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.crypto.mac import hmac_signer
from linkxg.network.traceability import party_store
from linkxg.network.traceability.describe_store import ItemRow
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.party_store import ConnectionRow
from linkxg.network.traceability.walk_result import CutReason, Walk
from linkxg.network.traceability.walk_store import WalkDirection

MAX_PARTY_ROWS = 20_000
_GLN = re.compile(r"/41[47]/([0-9]{13})(?:/|$)")
_LABEL = b"linkxg traceability pseudonym v1\0"


class HiddenParty(NamedTuple):
    """A node beyond which somebody else's events would go on; `of` tells apart what is hidden there."""

    node: int
    direction: WalkDirection
    reason: CutReason
    connection_id: str | None
    of: str


def pseudonymizer(server_key: bytes) -> Callable[[str, HiddenParty, str], str]:
    """A function of viewer, hidden party and URI of the node to an id that only repeats for the same three."""
    sign = hmac_signer(server_key, _LABEL)

    def pseudonym(viewer_id: str, hidden: HiddenParty, uri: str) -> str:
        parts = (viewer_id, hidden.direction, hidden.of, uri)
        return "urn:linkxg:hidden:" + sign("\0".join(parts).encode()).hex()[:32]

    return pseudonym


def gln_of(party: str) -> str | None:
    """The GLN of a party or location in the normal form."""
    found = _GLN.search(party)
    return found.group(1) if found else None


def find_hidden_parties(
    conn: Connection, account_id: str, walk: Walk, faces: Faces | None, items: Mapping[int, ItemRow]
) -> list[HiddenParty]:
    hidden = [
        HiddenParty(node, cut.direction, cut.reason, None, cut.account_id)
        for node, cuts in walk.cut.items()
        for cut in cuts
        if cut.reason == CutReason.NOT_SHARED
    ]
    if hidden:
        by_partner = party_store.list_connections(conn, account_id)
        active = {row.partner_id: row.id for row in by_partner if row.status == "ACTIVE"}
        hidden = [one._replace(connection_id=active.get(one.of)) for one in hidden]
    for direction, ends in walk.ends.items():
        nodes = {item_id: walk.node_of(item_id) for item_id in ends if walk.node_of(item_id) in walk.depths}
        if nodes:
            hidden += _at_ends(conn, account_id, walk, faces, items, direction, nodes)
    return hidden


def _at_ends(
    conn: Connection,
    account_id: str,
    walk: Walk,
    faces: Faces | None,
    items: Mapping[int, ItemRow],
    direction: WalkDirection,
    nodes: Mapping[int, int],
) -> list[HiddenParty]:
    """Upstream the sources, downstream the destinations that own events give for items without further events."""
    parties = party_store.list_parties(conn, account_id, direction, nodes, walk.bounds, rows=MAX_PARTY_ROWS)
    if not parties:
        return []
    walk.is_cut_short = walk.is_cut_short or len(parties) >= MAX_PARTY_ROWS
    connections = connections_by_gln(party_store.list_connections(conn, account_id))
    own = party_store.find_gln(conn, account_id)
    found = {}
    for row in parties:
        node = nodes[row.item_id]
        gln = gln_of(row.party)
        if gln is not None and gln == own:
            continue
        known = connections.known.get(gln) if gln is not None else None
        if gln in connections.contested:
            hidden = HiddenParty(node, direction, CutReason.CONTESTED, None, row.party)
        elif known is None:
            hidden = HiddenParty(node, direction, CutReason.NOT_CONNECTED, None, row.party)
        elif known.status != "ACTIVE":
            hidden = HiddenParty(node, direction, CutReason.REVOKED, known.id, row.party)
        elif faces is not None and faces.is_shared_by(items[node].gtin14, known.partner_id):
            continue
        else:
            hidden = HiddenParty(node, direction, CutReason.NOT_SHARED, known.id, row.party)
        found[node, row.party] = hidden
    return list(found.values())


class Parties(NamedTuple):
    """Connections by the confirmed GLN of their partner, and the GLNs that several partners have."""

    known: Mapping[str, ConnectionRow]
    contested: frozenset[str]


def connections_by_gln(connections: Iterable[ConnectionRow]) -> Parties:
    """A former partner counts only for a GLN that no partner has, and never takes one from them."""
    active: dict[str, dict[str, ConnectionRow]] = {}
    ended: dict[str, dict[str, ConnectionRow]] = {}
    for row in connections:
        if row.gln is not None:
            found = active if row.status == "ACTIVE" else ended
            found.setdefault(row.gln, {})[row.partner_id] = row
    by_gln = ended | active
    known = {gln: next(iter(rows.values())) for gln, rows in by_gln.items() if len(rows) == 1}
    return Parties(known, frozenset(gln for gln, rows in active.items() if len(rows) > 1))
