"""A recall finds everything made of an item, and everybody it was sent to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from linkxg.clock import now_ms
from linkxg.identity.accounts.store import insert_account, update_account
from linkxg.ids import uuid7
from linkxg.network.connections.store import connections
from traceability.chain import OTHER_GTIN, crate, lot, made, packed, party, seen, serial
from traceability.tracing import Tracing

A, B, C = lot("A"), lot("B"), lot("C")
SOLD = [serial(str(number), OTHER_GTIN) for number in range(3)]
CASE = crate("case")
GLN, STRANGER, OWN = "4012345000009", "4012345000016", "4012345000023"


def ship(items: Any, gln: str, at: int, name: str = "destination_possessing_party") -> Any:
    return seen(items, at=at, step="shipping", values=[(name, party(gln))])


def connect(tracing: Tracing, gln: str, status: str = "ACTIVE") -> tuple[str, str]:
    """(the id of a connection, that of a partner with this GLN)."""
    partner_id, connection_id, now = uuid7(), uuid7(), now_ms()

    def unit(conn: Any) -> None:
        insert_account(conn, partner_id, "Buyer AB", now)
        update_account(conn, partner_id, {"gln": gln})
        for one, other in ((tracing.account_id, partner_id), (partner_id, tracing.account_id)):
            row = {"account_id": one, "id": connection_id, "partner_id": other, "direction": "OUTGOING"}
            times = {"invited_at": now, "expires_at": now, "responded_at": now}
            values = {**row, **times, "status": status, "relationship": "CUSTOMER", "partner_gln": gln}
            conn.execute(insert(connections).values(**values))

    tracing.run(tracing.database.write(unit))
    return connection_id, partner_id


def test_everything_made_of_an_item_is_affected(tracing: Tracing) -> None:
    tracing.capture(made([A], [B]), made([B], SOLD), made([C], [lot("D")]))
    found = tracing.impact(A)
    assert {item.id for item in found.items} == {A.uri, B.uri, *(one.uri for one in SOLD)}
    assert [(one.gtin, one.lots, one.serials) for one in found.products] == [
        (A.gtin14, 2, 0), (OTHER_GTIN, 0, 3),
    ]  # fmt: skip
    assert not found.truncated


def test_a_container_is_not_affected(tracing: Tracing) -> None:
    tracing.capture(made([A], [B]), packed([B, C], CASE))
    assert {item.id for item in tracing.impact(A).items} == {A.uri, B.uri}


def test_recipients_are_partners_by_their_gln_and_others_by_what_the_events_say(tracing: Tracing) -> None:
    connection_id, partner_id = connect(tracing, GLN)
    tracing.capture(made([A], SOLD), ship(SOLD[:2], GLN, 5), ship(SOLD[2:], STRANGER, 6), ship([C], "4012345000030", 7))
    found = {one.gln: one for one in tracing.impact(A).recipients}
    assert found.keys() == {GLN, STRANGER}
    known, stranger = found[GLN], found[STRANGER]
    assert known.partner is not None
    assert (known.connection_id, known.partner.account_id, known.partner.name) == (
        connection_id,
        partner_id,
        "Buyer AB",
    )
    assert known.items == [one.uri for one in SOLD[:2]]
    assert (stranger.connection_id, stranger.partner, stranger.party) == (None, None, party(STRANGER))


def test_what_was_in_a_container_was_sent_with_it(tracing: Tracing) -> None:
    tracing.capture(
        made([A], [B]),
        ship([CASE], OWN, 1),
        packed([B], CASE, at=10),
        ship([CASE], GLN, 15, "destination_owning_party"),
        packed([B], CASE, "DELETE", at=20),
        ship([CASE], STRANGER, 25),
    )
    (found,) = tracing.impact(A).recipients
    assert (found.gln, found.items) == (GLN, [B.uri])


def test_the_own_gln_is_no_recipient(tracing: Tracing) -> None:
    tracing.run(tracing.database.write(update_account, tracing.account_id, {"gln": OWN}))
    tracing.capture(made([A], [B]), ship([B], OWN, 5))
    assert tracing.impact(A).recipients == []


def test_a_contested_gln_names_no_partner(tracing: Tracing) -> None:
    for _ in range(2):
        connect(tracing, GLN)
    tracing.capture(made([A], [B]), ship([B], GLN, 5))
    (found,) = tracing.impact(A).recipients
    assert (found.gln, found.partner, found.contested) == (GLN, None, True)


def test_parties_of_other_accounts_are_not_looked_up(tracing: Tracing) -> None:
    """An account without a connection is not recognised by its GLN."""
    other = tracing.another()
    connect(other, STRANGER)
    tracing.capture(made([A], [B]), ship([B], STRANGER, 5))
    (found,) = tracing.impact(A).recipients
    assert (found.connection_id, found.partner) == (None, None)
