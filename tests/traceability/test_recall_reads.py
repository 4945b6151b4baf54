"""All items of a recall, up to 20,000, are decoded off the event loop."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from linkxg.ids import uuid7
from linkxg.network.recalls import store, view_recall
from linkxg.network.recalls.read_recalls import read_recall
from traceability.tracing import Tracing

ITEMS = [f"https://id.gs1.org/01/09520000002176/10/L{number}" for number in range(30)]


def test_all_items_of_a_recall_are_decoded_in_a_thread(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    recall_id = uuid7()
    notice = {
        "id": uuid7(), "party": "https://id.gs1.org/417/4012345000009", "gln": None, "recipient_id": None,
        "connection_id": None, "item_uris": json.dumps(ITEMS), "first_items": json.dumps(ITEMS[:20]), "item_count": 30,
        "truncated": 0, "contested": 0, "last_sent_at": 0,
    }  # fmt: skip
    values: dict[str, Any] = {
        "id": recall_id, "item_uris": "[]", "products": "[]", "product_count": 0, "affected_items": 30, "truncated": 0,
        "reason": "Dye.", "instructions": None, "notice_id": None, "created_at": 0,
    }  # fmt: skip
    tracing.run(tracing.database.write(lambda conn: store.insert_recall(conn, tracing.account_id, [notice], **values)))
    decoded: dict[int, threading.Thread] = {}

    def spy(encoded: str) -> list[str]:
        found: list[str] = json.loads(encoded)
        decoded[len(found)] = threading.current_thread()
        return found

    monkeypatch.setattr(view_recall, "read_items", spy)
    found = tracing.run(read_recall(tracing.database, tracing.account_id, recall_id, whole=True))
    assert found.recipients[0].items == ITEMS
    assert decoded[30] is not threading.main_thread()
