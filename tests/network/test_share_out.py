"""The items of a recall are bounded together, and each recipient keeps some."""

from __future__ import annotations

from linkxg.network.recalls.share_out import FIRST_ITEMS, MAX_RECALL_BYTES, MAX_RECALL_ITEMS, share_out
from linkxg.network.traceability.model import Recipient


def recipient(number: int, items: list[str]) -> Recipient:
    return Recipient(f"urn:party:{number}", None, None, None, items, len(items), "2026-11-27T10:00:00.000Z", False)


def test_items_of_a_recall_are_bounded_and_each_recipient_keeps_some() -> None:
    """Security rule 228: 500 recipients of 20,000 items each were ten million."""
    items = [f"urn:item:{number}" for number in range(MAX_RECALL_ITEMS)]
    found = [recipient(number, items) for number in range(500)]
    assert not share_out(found)
    kept = [len(one.items) for one in found]
    assert sum(kept) <= MAX_RECALL_ITEMS
    assert min(kept) == FIRST_ITEMS
    assert kept[0] > FIRST_ITEMS


def test_bytes_of_a_recall_are_bounded() -> None:
    """Security rule 228."""
    found = [recipient(0, [f"urn:{number}:{'x' * 1_990}" for number in range(5_000)])]
    assert not share_out(found)
    assert sum(len(one) + 3 for one in found[0].items) <= MAX_RECALL_BYTES


def test_a_small_recall_is_whole() -> None:
    found = [recipient(0, ["urn:a", "urn:b"]), recipient(1, ["urn:a"])]
    assert share_out(found)
    assert [one.items for one in found] == [["urn:a", "urn:b"], ["urn:a"]]
