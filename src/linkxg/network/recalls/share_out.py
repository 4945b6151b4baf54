"""How many items the notices of a recall have: each recipient some, and all together no more than a bound."""

from collections.abc import Sequence

from linkxg.network.traceability.model import Recipient

MAX_RECALL_ITEMS, MAX_RECALL_BYTES = 20_000, 2 * 1024 * 1024
"""Items of the notices of a recall, and their identifiers, together."""
FIRST_ITEMS = 20
"""Items that an answer with a notice has; those of each recipient are kept before more of anybody."""


def share_out(recipients: Sequence[Recipient]) -> bool:
    """Cut the items of the recipients; false if any of them has fewer than it received."""
    items_left, bytes_left = MAX_RECALL_ITEMS, MAX_RECALL_BYTES
    kept = [0] * len(recipients)
    for most in (FIRST_ITEMS, MAX_RECALL_ITEMS):
        for number, one in enumerate(recipients):
            for uri in one.items[kept[number] : most]:
                # As in JSON, with quotes and a comma.
                size = len(uri.encode()) + 3
                if not items_left or size > bytes_left:
                    break
                items_left, bytes_left = items_left - 1, bytes_left - size
                kept[number] += 1
    for one, count in zip(recipients, kept, strict=True):
        one.items = one.items[:count]
    return all(len(one.items) >= one.item_count for one in recipients)
