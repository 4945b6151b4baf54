"""The impacts of the items of a recall are joined without losing how many items a recipient received."""

from __future__ import annotations

from linkxg.network.recalls.joint_impact import JoinedImpacts
from linkxg.network.traceability.model import GraphStats, Impact, Recipient


def impact(items: list[str], count: int, party: str = "urn:party:1") -> Impact:
    """Of one recipient, who received `count` items, of which these are listed."""
    one = Recipient(party, None, None, None, items, count, "2026-11-27T10:00:00.000Z", False)
    stats = GraphStats(0, 0, 0, 0)
    return Impact("urn:root", None, [], [], [one], stats, False, [], False)


def test_items_that_an_impact_does_not_list_are_counted_beside_those_of_another() -> None:
    """Security rule 219: a notice of half of the items said that it was complete."""
    joined = JoinedImpacts()
    joined.add(impact([], 4_900))
    joined.add(impact([f"urn:{number}" for number in range(5_000)], 5_000))
    (one,) = joined.recipients()
    assert (len(one.items), one.item_count) == (5_000, 9_900)


def test_items_of_several_impacts_are_listed_once_and_in_order() -> None:
    joined = JoinedImpacts()
    for items in (["urn:b", "urn:a"], ["urn:c", "urn:b"]):
        joined.add(impact(items, 2))
    (one,) = joined.recipients()
    assert (one.items, one.item_count) == (["urn:a", "urn:b", "urn:c"], 3)
