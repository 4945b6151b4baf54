"""Finds what is to be delivered next: the events of a subscription behind its position, or again those of a delivery
that has failed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.ids import uuid7
from linkxg.network.epcis.query.model import Condition
from linkxg.network.epcis.query.named_queries import read_named
from linkxg.network.epcis.query.named_query_store import find_query
from linkxg.network.epcis.query.query_document import Destination, write_document
from linkxg.network.epcis.subscriptions import delivery_store, store
from linkxg.network.epcis.subscriptions.delivery_store import DeliveredEvent
from linkxg.network.epcis.subscriptions.model import MAX_BYTES, Delivery, EventPosition, Lease, SubscriptionRow

WINDOW = 5_000
"""Events that one read looks at, however few of them match."""


class Prepared(NamedTuple):
    """The next delivery of a subscription with its events; without one, nothing up to the place `end` matches.

    `has_more` says that further events are behind it.
    """

    row: SubscriptionRow
    delivery: Delivery | None
    found: list[DeliveredEvent]
    end: EventPosition
    has_more: bool


def prepare_delivery(conn: Connection, lease: Lease, *, window: int = WINDOW) -> Prepared | None:
    """On one snapshot; None if the subscription is no longer the worker's."""
    row = store.find_subscription(conn, lease.account_id, lease.id)
    if row is None or row.worker != lease.worker or row.state != "ACTIVE":
        return None
    query = find_query(conn, row.account_id, row.query_name)
    if query is None:
        return None
    conditions = read_named(msgspec.json.decode(query.query)).conditions
    if (again := row.delivery) is not None:
        return _again(conn, row, again, conditions)
    end = delivery_store.find_end_of_window(conn, row.account_id, place=row.place, size=window)
    matching = delivery_store.list_matching(
        conn, row.account_id, conditions, place=row.place, end=end, limit=row.batch_size + 1
    )
    chosen = _fitting(matching, row.batch_size)
    if len(chosen) < len(matching):
        end = chosen[-1][0]
    has_more = bool(delivery_store.list_behind(conn, row.account_id, end))
    delivery = _next_delivery(row, len(chosen), end, has_more=has_more)
    return Prepared(row, delivery, _events(conn, row, chosen), end, has_more)


def find_dead_letter(conn: Connection, account_id: str, id: str) -> Prepared | None:
    """The delivery at which a subscription has failed, or is paused; None if there is none."""
    row = store.find_subscription(conn, account_id, id)
    if row is None or row.state == "ACTIVE" or row.delivery is None:
        return None
    query = find_query(conn, account_id, row.query_name)
    if query is None:
        return None
    return _again(conn, row, row.delivery, read_named(msgspec.json.decode(query.query)).conditions)


def document_of(prepared: Prepared, delivery: Delivery) -> bytes:
    """The body of a delivery: the same with each attempt."""
    row = prepared.row
    return write_document(
        prepared.found,
        created=delivery.at,
        query_name=row.query_name,
        epc_format=row.epc_format,
        destination=Destination(row.id, delivery.id),
    )


def _again(conn: Connection, row: SubscriptionRow, again: Delivery, conditions: Sequence[Condition]) -> Prepared:
    matching = delivery_store.list_matching(
        conn, row.account_id, conditions, place=row.place, end=again.end, limit=again.events
    )
    return Prepared(row, again, _events(conn, row, matching), again.end, not again.is_last)


def _next_delivery(row: SubscriptionRow, count: int, end: EventPosition, *, has_more: bool) -> Delivery | None:
    reports_nothing = bool(row.report_if_empty) and not row.has_reported and not has_more
    if not count and not reports_nothing:
        return None
    return Delivery(uuid7(), end, count, now_ms(), is_last=not has_more)


def _fitting(matching: list[tuple[EventPosition, int]], most: int) -> list[tuple[EventPosition, int]]:
    """The first of them that one delivery may have."""
    size = 0
    for place, (_, length) in enumerate(matching[:most]):
        size += length
        if place and size > MAX_BYTES:
            return matching[:place]
    return matching[:most]


def _events(conn: Connection, row: SubscriptionRow, matching: list[tuple[EventPosition, int]]) -> list[DeliveredEvent]:
    return delivery_store.list_events(conn, row.account_id, [place.number for place, _ in matching]) if matching else []
