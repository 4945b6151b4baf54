"""Rows of a million events for the benchmark of traceability, inserted directly.

Items are in layers; each is made by one event of two items of the layer above. The genealogy of an item of depth d has
up to 2^(d+1) - 1 items, some of which several ways lead to.
"""

import json
import random

from sqlalchemy import Connection

from bench.bulk_fill import without_indexes
from linkxg.db.append_rows import append_rows
from linkxg.network.epcis.documents.model import ItemRole, Level
from linkxg.network.epcis.events.insert_events import pairs_of
from linkxg.network.epcis.events.store import event_items, events, genealogy, items

LAYERS, FAN_IN, BATCH = 20, 2, 20_000
GTIN = "09520000002176"
_EVENT = (
    "id", "event_id", "declaration_time", "type", "event_time", "record_time", "biz_step", "content_hash", "content",
    "context",
)  # fmt: skip


def uri_of(number: int) -> str:
    return f"https://id.gs1.org/01/{GTIN}/10/L{number}"


def fill(conn: Connection, account_id: str, count: int, first: int = 1) -> None:
    """`count` transformations with the ids from `first`; each makes the lot with its own id."""
    with without_indexes(conn, (events, items, event_items, genealogy)):
        _fill(conn, account_id, count, first)


def _fill(conn: Connection, account_id: str, count: int, first: int) -> None:
    chance, width, same = random.Random(1), count // LAYERS, {"account_id": account_id}
    for start in range(0, count, BATCH):
        made = range(start, min(start + BATCH, count))
        lots = [(first + n, uri_of(n), int(Level.LOT), GTIN, f"L{n}") for n in made]
        append_rows(conn, items, ("id", "uri", "level", "gtin14", "lot"), lots, same=same)
        rows, uses, made_of = [], [], []
        for n in made:
            layer = n // width
            parents = [(layer - 1) * width + chance.randrange(width) for _ in range(FAN_IN)] if layer else []
            content = _content(n, parents)
            at = 1_700_000_000_000 + n * 1_000
            rows.append(
                (first + n, f"urn:uuid:{first + n}", "", "TransformationEvent", at, at, "commissioning", bytes(32),
                 content, "")
            )  # fmt: skip
            made_of.append((first + n, {first + m for m in parents}, first + n))
            uses.append((first + n, int(ItemRole.OUTPUT), at, first + n, 0))
            uses += [(first + m, int(ItemRole.INPUT), at, first + n, 0) for m in dict.fromkeys(parents)]
        append_rows(conn, events, _EVENT, rows, same=same)
        pairs = sorted(row for number, parents, made_id in made_of for row in pairs_of(number, parents, (made_id,)))
        append_rows(conn, genealogy, ("direction", "item_id", "other_id", "event_id"), pairs)
        columns = ("item_id", "role", "event_time", "event_id", "position")
        append_rows(conn, event_items, columns, sorted(uses), same={**same, "is_class": 1})


def _content(number: int, parents: list[int]) -> bytes:
    event = {
        "type": "TransformationEvent",
        "eventID": f"urn:uuid:{number}",
        "eventTime": "2026-11-27T10:00:00.000Z",
        "eventTimeZoneOffset": "+01:00",
        "bizStep": "commissioning",
        "inputQuantityList": [{"epcClass": uri_of(parent), "quantity": 1} for parent in parents],
        "outputQuantityList": [{"epcClass": uri_of(number), "quantity": 1}],
        "readPoint": {"id": "https://id.gs1.org/414/9520000000004"},
    }
    return json.dumps(event).encode()
