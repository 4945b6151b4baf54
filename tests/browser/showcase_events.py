"""Events and captures of the showcase account: one of each kind that a page can show."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

from browser.showcase_products import HOUR
from epcis.documents import Event, captured, document
from harness.databases import SqliteDatabase
from harness.rows import execute
from harness.world import World
from linkxg.console.captures import LIST
from linkxg.console.event_items import event_path
from linkxg.ids import uuid7
from linkxg.ops.demo.brand_events import brand_events
from linkxg.ops.demo.mill_events import mill_events
from linkxg.ops.demo.weaver_events import weaver_events

_LOTS = 2


@dataclass(frozen=True)
class ShownEvents:
    """Addresses of pages."""

    made: str
    packed: str
    measured: str
    declared: str
    capture: str
    faulty: str
    running: str
    query: str
    subscription: str


def build_events(world: World) -> ShownEvents:
    """What the brand of the demo captures of its first lots of garments."""
    events = brand_events(weaver_events(mill_events().shipments).shipments[:_LOTS])
    done = captured(world, document(events))
    assert done["success"], done["errors"]
    wrong = [{**one, "eventID": f"{one['eventID']}-x", "eventTimeZoneOffset": "1:00"} for one in events[:3]]
    wrong[1].pop("bizStep", None)
    faulty = captured(world, document([*wrong, events[0]]), proceed=True)
    running = captured(world, document(events))
    _stop_the_clock(world, running["captureID"])
    return ShownEvents(
        _first(events, type="TransformationEvent"),
        _first(events, type="AggregationEvent"),
        _first(events, bizStep="sensor_reporting"),
        next(event_path(one["eventID"]) for one in events if "errorDeclaration" in one),
        f"{LIST}/{done['captureID']}",
        f"{LIST}/{faulty['captureID']}",
        f"{LIST}/{running['captureID']}",
        "/events/queries/shipped-to-retail",
        _failed_subscription(world),
    )


def _failed_subscription(world: World) -> str:
    """Its address; the receiver has not taken a delivery."""
    owner, name = world.owner.access, "shipped-to-retail"
    query = {"name": name, "query": {"EQ_bizStep": ["shipping"], "eventType": ["ObjectEvent"]}}
    world.api.post("/epcis/queries", bearer=owner, json=query).expect(201)
    dest = "https://erp.weaver.example.test/epcis-events"
    body = {"dest": dest, "signatureToken": "s" * 32, "schedule": {"minute": "0"}}
    made = world.api.post(f"/epcis/queries/{name}/subscriptions", bearer=owner, json=body).expect(201).object()
    execute(
        world.server.database,
        f"UPDATE epcis_subscriptions SET state = 'FAILED', attempts = 16, last_error = 'It answered 500.', "
        f"delivery_id = '{uuid7()}', delivery_events = 12, delivery_at = created_at "
        f"WHERE id = '{made['subscriptionID']}'",
    )
    return f"/events/subscriptions/{made['subscriptionID']}"


def _first(events: list[Event], **members: str) -> str:
    return next(event_path(one["eventID"]) for one in events if members.items() <= one.items())


def _stop_the_clock(world: World, job_id: str) -> None:
    """A capture that is a third done and stays so: a worker that does not exist has it for an hour."""
    database = world.server.database
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, timeout=10)) as connection, connection:
        connection.execute(
            "UPDATE import_jobs SET status = 'RUNNING', finished_at = NULL, lease_until = ?, bytes_total = 48211907,"
            " bytes_processed = 17356286, rows_processed = 61440, created = 61440, unchanged = 0,"
            " started_at = started_at - 4200 WHERE id = ?",
            (int(time.time() * 1000) + HOUR, job_id),
        )
