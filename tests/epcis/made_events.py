"""Parsed events made by hand."""

from __future__ import annotations

import hashlib
from typing import Any

from linkxg.network.epcis.documents.model import IndexedValue, Item, ItemRole, ItemUse, Level, ParsedEvent

LOT = Item("https://id.gs1.org/01/04006381333931/10/L1", Level.LOT, "04006381333931", "L1")
SERIAL = Item("https://id.gs1.org/01/04006381333931/21/S1", Level.INSTANCE, "04006381333931", None, "S1")
PALLET = Item("https://id.gs1.org/00/340123450000000000", Level.INSTANCE)


def made_event(event_id: str, content: str = "{}", **changed: Any) -> ParsedEvent:
    """An ObjectEvent with one item and one quantity, unless `changed`."""
    made = ParsedEvent(
        event_id=event_id,
        declaration_time="",
        type="ObjectEvent",
        action="OBSERVE",
        event_time=1_790_000_000_000,
        biz_step="shipping",
        disposition=None,
        read_point="https://id.gs1.org/414/4000001000005",
        biz_location=None,
        transformation_id=None,
        error_reason=None,
        content_hash=hashlib.sha256(content.encode()).digest(),
        content=content.encode(),
        context="",
        items=(ItemUse(ItemRole.OBSERVED, SERIAL), ItemUse(ItemRole.OBSERVED, LOT, True, 2.5, "KGM")),
        values=(IndexedValue("bizTransaction_po", "urn:example:po:1"), IndexedValue("value_KEL", None, 277.15)),
    )
    return made._replace(**changed)
