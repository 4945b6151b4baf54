"""Events as documents have them, and their way into the database of a running server."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from urllib.parse import quote, urlencode

from harness.answers import Answer
from harness.world import World
from linkxg.clock import now_ms
from linkxg.db import open_database
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.documents.model import ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.events.insert_events import insert_events

EXAMPLE = "https://example.com/epcis/"
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": EXAMPLE}]
EXTENSIONS = ("GS1-Extensions", f"ex={EXAMPLE}")
_NUMBERS = itertools.count(1)
_RUN = f"{now_ms():x}"


def unique(name: str) -> str:
    """A URI that no other test has."""
    return f"urn:example:{name}:{_RUN}:{next(_NUMBERS)}"


def event(**changed: Any) -> dict[str, Any]:
    """An ObjectEvent with an id of its own; None removes a member."""
    made: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": unique("event"),
        "action": "OBSERVE",
        "eventTime": "2026-03-01T10:00:00.000Z",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [unique("epc")],
    }
    made.update(changed)
    return {name: value for name, value in made.items() if value is not None}


def parsed(one: dict[str, Any], context: Any = None) -> ParsedEvent:
    contexts = read_contexts(CONTEXT if context is None else context)
    assert isinstance(contexts, Contexts), contexts
    found = parse_event(one, contexts)
    assert isinstance(found, ParsedEvent), (one, found)
    return found


def capture(world: World, *events: dict[str, Any], account_id: str = "", context: Any = None, at: int = 0) -> list[str]:
    """The ids of the events, which are stored for the first account or another one."""
    made = [parsed(one, context) for one in events]

    async def insert() -> None:
        database = open_database(world.server.database.url)
        await database.open()
        try:
            await database.write(
                insert_events, account_id or world.account.account_id, made, record_time=at or now_ms(), job_id=None
            )
        finally:
            await database.close()

    asyncio.run(insert())
    return [one.event_id for one in made]


def find(world: World, path: str = "/events", *, bearer: str | None = None, headers: Any = (), **query: Any) -> Answer:
    """The answer to a query of the first account; a list of values is separated by `|`."""
    asked = {name: "|".join(value) if isinstance(value, list) else str(value) for name, value in query.items()}
    address = f"/epcis{path}" + (f"?{urlencode(asked)}" if asked else "")
    return world.api.request("GET", address, bearer=bearer or world.owner.access, headers=headers)


def events_of(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def ids_of(answer: Answer) -> list[str]:
    return [one["eventID"] for one in events_of(answer)]


def segment(uri: str) -> str:
    """A URI as a segment of a path."""
    return quote(uri, safe="")
