"""A graph goes on in a partner's events as far as a live share says, and ends at a tombstone that tells no more."""

from __future__ import annotations

from typing import Any

import pytest

from linkxg.catalog.identifiers.gtin import read_gtin
from linkxg.catalog.products.bulk.model import PlannedWrite
from linkxg.catalog.products.bulk.store import write_planned
from linkxg.catalog.products.canonical import canonical
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.share_store import insert_share, withdraw_shares
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.identity.accounts.store import insert_account, update_account
from linkxg.ids import uuid7
from linkxg.network.connections.store import connections
from linkxg.network.epcis.documents.model import Item
from linkxg.network.traceability import partner_store
from linkxg.network.traceability.find_names import find_names
from traceability.chain import GTIN, OTHER_GTIN, lot, made, party, seen
from traceability.tracing import Tracing

CLOTH, SHIRT = lot("CLOTH", GTIN), lot("SHIRT", OTHER_GTIN)
RAW = "09520000003333"
YARN, FIBRE, SEED, FIELD = (lot(name, RAW) for name in ("YARN", "FIBRE", "SEED", "FIELD"))
GLN = "4012345000009"


class Partner:
    """A supplier of the account, who makes cloth of yarn of fibre of seed, and publishes the cloth as a product."""

    def __init__(self, viewer: Tracing, gtin: str = GTIN, gln: str | None = GLN) -> None:
        self.viewer, self.id, self.connection, self.product = viewer, uuid7(), uuid7(), uuid7()
        self.own = Tracing(viewer.database, self.id, viewer.loop)
        self.gtin, self.gln = gtin, gln
        viewer.run(viewer.database.write(self._insert))
        self.own.capture(made([FIELD], [SEED]), made([SEED], [FIBRE]), made([FIBRE], [YARN]), made([YARN], [CLOTH]))

    def share(self, traceability: str = "GRAPH", tiers: int = 10, **terms: Any) -> str:
        share_id = uuid7()
        common: dict[str, Any] = {
            "viewer_id": self.viewer.account_id,
            "connection_id": self.connection,
            "versions": "LATEST",
        }
        common |= {
            "versions": "LATEST",
            "created_at": 0,
            "passport_roles": "[]",
            "created_by": "test",
            "type": "PRODUCT",
        }
        common |= {"product_id": self.product, "traceability": traceability, "trace_tiers": tiers}
        self._write(insert_share, id=share_id, **common | terms)
        return share_id

    def withdraw(self, share_id: str) -> None:
        self._write(withdraw_shares, {share_id: now_ms()})

    def _write(self, unit: Any, *args: Any, **kwargs: Any) -> None:
        database: Database = self.viewer.database
        self.viewer.run(database.write(unit, self.id, *args, **kwargs))

    def _insert(self, conn: Any) -> None:
        insert_account(conn, self.id, "Secret Mills", now_ms())
        update_account(conn, self.id, {"gln": self.gln})
        now = now_ms()
        for one, other in ((self.viewer.account_id, self.id), (self.id, self.viewer.account_id)):
            row = {"account_id": one, "id": self.connection, "partner_id": other, "direction": "OUTGOING"}
            times = {"invited_at": now, "expires_at": now, "responded_at": now}
            values = {**row, **times, "status": "ACTIVE", "relationship": "SUPPLIER", "partner_gln": self.gln}
            conn.execute(connections.insert().values(**values))
        form = canonical({"name": "Cloth"})
        head = ProductRecord.draft(self.product, "CLOTH", read_gtin(self.gtin), None, now)
        head = head._replace(status="PUBLISHED", latest_version=1, draft_version=None)
        new = PlannedWrite.new_product(head, "cloth", form.digest, form.text)
        write_planned(conn, self.id, "test", [new._replace(publishes=True)])


@pytest.fixture
def viewer(tracing: Tracing) -> Tracing:
    """An account that makes shirts of cloth."""
    values = [("source_possessing_party", party(GLN))]
    tracing.capture(seen([CLOTH], step="receiving", values=values), made([CLOTH], [SHIRT]))
    return tracing


@pytest.fixture
def partner(viewer: Tracing) -> Partner:
    return Partner(viewer)


def shown(viewer: Tracing, item: Item = SHIRT, **options: Any) -> set[str]:
    return set(viewer.depths(item, "upstream", **options))


def reasons(viewer: Tracing, item: Item = SHIRT, **options: Any) -> list[tuple[str, bool]]:
    found = viewer.graph(item, ("upstream",), **options).nodes
    return [(node.tombstone.reason, node.tombstone.requestable) for node in found if node.tombstone]


def uris(*items: Item) -> set[str]:
    return {item.uri for item in items}


def test_without_a_share_the_graph_ends_at_the_partner(viewer: Tracing, partner: Partner) -> None:
    assert shown(viewer) == uris(SHIRT, CLOTH)
    assert reasons(viewer) == [("NOT_SHARED", True)]
    hidden = next(node for node in viewer.graph(SHIRT).nodes if node.redacted)
    assert hidden.tombstone is not None
    assert hidden.tombstone.connection_id == partner.connection
    assert (hidden.gtin, hidden.lot, hidden.owner, hidden.depth) == (None, None, None, 2)


@pytest.mark.parametrize("tiers", [0, 1, 2, 3, 9])
def test_the_graph_goes_on_for_as_many_tiers_as_are_shared(viewer: Tracing, partner: Partner, tiers: int) -> None:
    partner.share(tiers=tiers)
    chain = [CLOTH, YARN, FIBRE, SEED, FIELD]
    assert shown(viewer) == uris(SHIRT, *chain[: tiers + 1])
    assert reasons(viewer) == ([("NOT_SHARED", True)] if tiers < 4 else [])
    owners = {node.id: node.owner for node in viewer.graph(SHIRT, ("upstream",)).nodes if not node.redacted}
    assert owners[CLOTH.uri] is None
    if tiers:
        yarn = owners[YARN.uri]
        assert yarn is not None
        assert yarn.name == "Secret Mills"


def test_the_depth_that_is_asked_for_bounds_partners_too(viewer: Tracing, partner: Partner) -> None:
    partner.share()
    assert shown(viewer, depth=2) == uris(SHIRT, CLOTH, YARN)
    assert reasons(viewer, depth=2) == [("DEPTH_LIMIT", False)]


@pytest.mark.parametrize("ended", ["EVENTS", "NONE", "withdrawn", "expired", "other product"])
def test_only_a_live_share_of_the_graph_lets_it_go_on(viewer: Tracing, partner: Partner, ended: str) -> None:
    if ended == "withdrawn":
        partner.withdraw(partner.share())
    elif ended == "expired":
        partner.share(expires_at=now_ms() - 1)
    elif ended == "other product":
        partner.share(product_id=uuid7())
    else:
        partner.share(ended)
    assert shown(viewer) == uris(SHIRT, CLOTH)
    assert viewer.reads == []


def test_a_share_of_everything_lets_the_graph_go_on(viewer: Tracing, partner: Partner) -> None:
    partner.share(type="ALL", product_id=None)
    assert YARN.uri in shown(viewer)


def test_a_share_for_somebody_else_lets_nobody_go_on(viewer: Tracing, partner: Partner) -> None:
    other = viewer.another()
    partner.viewer = other
    partner.share()
    assert shown(viewer) == uris(SHIRT, CLOTH)


def test_a_partner_whose_connection_ended_is_revoked(viewer: Tracing, partner: Partner) -> None:
    ended = connections.update().where(connections.c.id == partner.connection).values(status="REVOKED")
    viewer.run(viewer.database.write(lambda conn: conn.execute(ended).rowcount))
    assert reasons(viewer) == [("REVOKED", False)]


def test_a_party_without_a_connection_is_the_same_with_or_without_an_account(viewer: Tracing) -> None:
    """A viewer does not learn who is on the platform, nor what they captured."""
    before = viewer.graph(SHIRT)
    stranger = Partner(viewer.another())
    stranger.share()
    assert viewer.graph(SHIRT) == before
    assert reasons(viewer) == [("NOT_CONNECTED", False)]


def test_the_number_of_hidden_items_is_not_told(viewer: Tracing, partner: Partner) -> None:
    partner.share(tiers=0)
    before = viewer.graph(SHIRT)
    partner.own.capture(made([FIBRE, SEED, FIELD], [CLOTH]))
    assert viewer.graph(SHIRT) == before


def test_a_pseudonym_is_stable_for_a_viewer_and_different_for_another(viewer: Tracing, partner: Partner) -> None:
    partner.share(tiers=1)

    def hidden(by: Tracing) -> list[str]:
        return [node.id for node in by.graph(CLOTH, ("upstream",)).nodes if node.redacted]

    other = viewer.another()
    other.capture(seen([CLOTH]), made([CLOTH], [SHIRT]))
    partner.viewer = other
    partner.share(tiers=1)
    assert len(hidden(viewer)) == 1
    assert hidden(viewer) == hidden(viewer)
    assert not {*hidden(viewer)} & {*hidden(other)}
    assert YARN.uri not in hidden(viewer)[0]


def test_the_graph_comes_back_from_a_partner_into_own_events(viewer: Tracing, partner: Partner) -> None:
    """Who sold the fibre, and buys the cloth: own events need no share."""
    cotton = lot("COTTON")
    viewer.capture(made([cotton], [FIBRE]))
    partner.share(tiers=2)
    assert shown(viewer) == uris(SHIRT, CLOTH, YARN, FIBRE, cotton)
    assert ("NOT_SHARED", True) in reasons(viewer)


def test_the_longest_way_that_some_share_allows_counts(viewer: Tracing, partner: Partner) -> None:
    partner.share(tiers=1)
    partner.share(tiers=3)
    assert SEED.uri in shown(viewer)
    assert FIELD.uri not in shown(viewer)


def test_a_partner_of_a_partner_is_seen_only_by_an_own_share(viewer: Tracing, partner: Partner) -> None:
    partner.share()
    spinner = Partner(viewer, RAW, None)
    secret = lot("SECRET")
    spinner.own.capture(made([secret], [FIELD]))
    assert secret.uri not in shown(viewer)
    spinner.share(tiers=1)
    assert secret.uri in shown(viewer)


def test_as_of_and_error_declarations_hold_for_partners_events(viewer: Tracing, partner: Partner) -> None:
    partner.share()
    wrong = {"id": "urn:uuid:wrong"}
    late = lot("LATE")
    partner.own.capture(made([late], [CLOTH], **wrong), recorded=50)
    assert late.uri in shown(viewer)
    assert late.uri not in shown(viewer, as_of=40)
    partner.own.capture(made([late], [CLOTH], declared=60, **wrong), recorded=60)
    assert late.uri not in shown(viewer)


def test_reads_of_a_partners_events_are_counted_for_the_partner(viewer: Tracing, partner: Partner) -> None:
    viewer.graph(SHIRT)
    assert viewer.reads == []
    partner.share()
    viewer.graph(SHIRT)
    assert viewer.reads == [(partner.id, viewer.account_id, [partner.product])]
    viewer.timeline(CLOTH)
    assert viewer.reads[1:] == [(partner.id, viewer.account_id, [partner.product])]


def test_the_timeline_has_a_partners_events_without_locations(viewer: Tracing, partner: Partner) -> None:
    partner.own.capture(
        seen([CLOTH], at=7, step="inspecting", read_point="urn:secret:gate", location="urn:secret:mill")
    )
    assert {one.owner for one in viewer.timeline(CLOTH)} == {None}
    partner.share("EVENTS")
    found = [one for one in viewer.timeline(CLOTH) if one.owner is not None]
    assert [one.biz_step for one in found] == ["inspecting", "commissioning"]
    assert {(one.read_point, one.biz_location) for one in found} == {(None, None)}
    for limit in (1, 2):
        assert viewer.timeline(CLOTH, limit=limit) == viewer.timeline(CLOTH)
    with pytest.raises(NotFound):
        viewer.timeline(YARN)


def test_a_gln_that_several_partners_declare_is_contested_and_nobody_takes_it(viewer: Tracing) -> None:
    """Security rule 219."""
    sold = [("destination_owning_party", party(GLN))]
    viewer.capture(seen([SHIRT], step="shipping", values=sold))
    rightful, other = Partner(viewer), Partner(viewer)
    (recipient,) = viewer.impact(SHIRT).recipients
    assert (recipient.connection_id, recipient.contested) == (None, True)
    assert reasons(viewer) == [("CONTESTED", False)]
    ended = connections.update().where(connections.c.id == other.connection).values(status="REVOKED")
    viewer.run(viewer.database.write(lambda conn: conn.execute(ended).rowcount))
    (recipient,) = viewer.impact(SHIRT).recipients
    assert (recipient.connection_id, recipient.contested) == (rightful.connection, False)
    assert reasons(viewer) == [("NOT_SHARED", True)]


def test_a_gln_of_several_partners_with_one_name_names_nobody(viewer: Tracing) -> None:
    """Security rule 219: it is contested between accounts, whatever they are called."""

    def companies() -> dict[str, str]:
        found: dict[str, str] = viewer.run(find_names(viewer.database, viewer.account_id, ())).companies
        return found

    assert companies() == {}
    other = Partner(viewer)
    assert companies() == {GLN: "Secret Mills"}
    Partner(viewer)
    assert companies() == {}
    ended = connections.update().where(connections.c.id == other.connection).values(status="REVOKED")
    viewer.run(viewer.database.write(lambda conn: conn.execute(ended).rowcount))
    assert companies() == {GLN: "Secret Mills"}


def test_more_partners_than_a_walk_reads_truncate_it(viewer: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """An arbitrary 500 of them were walked, and the answer said that it was complete."""
    monkeypatch.setattr(partner_store, "MAX_OWNERS", 1)
    partners = sorted((Partner(viewer), Partner(viewer, gln=None)), key=lambda one: one.id)
    partners[1].share()
    assert not viewer.graph(SHIRT).truncated
    partners[0].share()
    graph, impact = viewer.graph(SHIRT), viewer.impact(CLOTH)
    assert (graph.truncated, impact.truncated) == (True, True)
    assert {owner for owner, _, _ in viewer.reads[-1:]} == {partners[0].id}
