"""What partners say was made of an item stands beside its impact, and neither counts in it nor eats its limits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from linkxg.network.traceability import claims
from traceability.chain import OTHER_GTIN, lot, made, party, seen
from traceability.test_partners import CLOTH, GLN, RAW, SHIRT, Partner, uris
from traceability.tracing import Tracing

BACK, BUYER = lot("DYED", RAW), party("4012345000108")
TO_BUYER = [("destination_owning_party", BUYER)]
FROM_PARTNER = [("source_owning_party", party(GLN))]


@pytest.fixture
def viewer(tracing: Tracing) -> Tracing:
    tracing.capture(made([CLOTH], [SHIRT]))
    return tracing


@pytest.fixture
def partner(viewer: Tracing) -> Partner:
    found = Partner(viewer)
    found.share(tiers=5)
    return found


def test_what_only_a_partner_says_is_a_claim_that_no_recall_counts(viewer: Tracing, partner: Partner) -> None:
    """Security rule 226: a partner led a recall into lots that have nothing to do with it, and to their buyers."""
    alien, sold = lot("ALIEN", RAW), lot("SOLD", OTHER_GTIN)
    viewer.capture(made([alien], [sold]), seen([sold], step="shipping", values=TO_BUYER))
    partner.own.capture(made([CLOTH], [alien, BACK]))
    found = viewer.impact(CLOTH)
    assert {one.id for one in found.items} == uris(CLOTH, SHIRT)
    assert found.recipients == []
    assert {one.gtin for one in found.products} == {CLOTH.gtin14, SHIRT.gtin14}
    assert (found.stats.nodes, found.truncated) == (2, False)
    listed = {one.id: (one.claimed_by.name, one.depth, one.known) for one in found.claims}
    assert listed == {alien.uri: ("Secret Mills", 1, True), BACK.uri: ("Secret Mills", 1, False)}
    assert viewer.reads == [(partner.id, viewer.account_id, [partner.product])]


def test_a_recall_reaches_who_received_what_came_back_from_a_partner(viewer: Tracing, partner: Partner) -> None:
    """Security rules 219 and 226: own events say that it came from the partner who says what it was made of."""
    further = lot("FURTHER", RAW)
    partner.own.capture(made([CLOTH], [BACK]))
    viewer.capture(
        seen([BACK], step="receiving", values=FROM_PARTNER),
        made([BACK], [further]),
        seen([further], step="shipping", values=TO_BUYER),
    )
    found = viewer.impact(CLOTH)
    assert {one.id: one.depth for one in found.items} == {CLOTH.uri: 0, SHIRT.uri: 1, BACK.uri: 1, further.uri: 2}
    (recipient,) = found.recipients
    assert (recipient.party, recipient.items) == (BUYER, [further.uri])
    assert found.claims == []


def test_what_came_from_somebody_else_stays_a_claim(viewer: Tracing, partner: Partner) -> None:
    """Security rule 226."""
    partner.own.capture(made([CLOTH], [BACK]))
    viewer.capture(seen([BACK], step="receiving", values=[("source_owning_party", party("4012345000092"))]))
    found = viewer.impact(CLOTH)
    assert BACK.uri not in {one.id for one in found.items}
    assert [(one.id, one.known) for one in found.claims] == [(BACK.uri, True)]


def test_claims_do_not_eat_the_limits_of_own_events(
    viewer: Tracing, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security rule 226: a partner's thousand outputs left no room for own lots."""
    viewer.capture(made([SHIRT], [last := lot("LAST", OTHER_GTIN)]))
    partner.own.capture(made([CLOTH], [lot(f"N{number}", RAW) for number in range(40)]))
    found = viewer.impact(CLOTH, nodes=3)
    assert {one.id for one in found.items} == uris(CLOTH, SHIRT, last)
    assert (found.truncated, len(found.claims), found.claims_truncated) == (False, 3, True)
    monkeypatch.setattr(claims, "MAX_CLAIM_ROWS", 10)
    found = viewer.impact(CLOTH)
    assert {one.id for one in found.items} == uris(CLOTH, SHIRT, last)
    assert (found.truncated, found.claims_truncated) == (False, True)
    monkeypatch.setattr(claims, "CLAIMS_S", 0.0)
    found = viewer.impact(CLOTH)
    assert (found.truncated, found.claims, found.claims_truncated) == (False, [], True)


def test_claims_go_as_far_as_the_share_says(viewer: Tracing, partner: Partner) -> None:
    chain = [CLOTH, *(lot(f"T{number}", RAW) for number in range(7))]
    partner.own.capture(*(made([one], [other]) for one, other in pairwise(chain)))
    found = viewer.impact(CLOTH)
    assert [one.id for one in found.claims] == [one.uri for one in chain[1:6]]
    assert [one.depth for one in viewer.impact(CLOTH, depth=2).claims] == [1, 2]
