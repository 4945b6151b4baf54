"""`/events`: the events of the account in words, searched by item, step, place and time."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Stream

from linkxg.clock import now_ms
from linkxg.console.audit_log import EXPORTS
from linkxg.console.event_items import event_path, gtins_of, place_name, places_of
from linkxg.console.event_search import ERRORS, FIELDS, read_search
from linkxg.console.event_sentence import NAMED, step_of, tell
from linkxg.console.event_words import TYPES, in_words
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render, stream
from linkxg.errors import InvalidCursor
from linkxg.http.long_answer import long_answer
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.epcis.errors import QueryTooComplexException
from linkxg.network.epcis.page_tokens import MAX_PER_PAGE
from linkxg.network.epcis.query.event_details import find_declared
from linkxg.network.epcis.query.find_events import EventPage, find_events
from linkxg.network.epcis.query.list_members import list_members
from linkxg.network.epcis.query.stream_document import MAX_STREAMED, stream_document
from linkxg.network.traceability.find_names import ItemNames, find_names

EVENTS = "/events"
PAGE_SIZE = 25
_CHOICES = 100
"""Steps and places that the search offers."""
_TOO_LONG = "This search takes too long. Add an item, a step or a place, or fewer days."
_NOTHING = EventPage([], None)


@get(EVENTS, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    search = read_search(page.query, page.person.time_zone)
    filters = {"list": "console events", "account": page.account_id, "query": repr(search.query)}
    try:
        at = page.services.cursors.open(page.query.text("after"), filters) if page.query.text("after") else None
    except InvalidCursor:
        at = None
    found, faults = _NOTHING, list(search.faults)
    with long_answer(page.context) as answer:
        if not faults:
            try:
                found = await find_events(page.database, page.account_id, search.query, at=at, limit=PAGE_SIZE)
            except QueryTooComplexException:
                faults = [("", _TOO_LONG)]
        await answer.authorise()
    contents = await asyncio.to_thread(_contents, [one.content for one in found.found])
    steps, places = await _choices(page)
    gtins = {gtin for one in contents for gtin in gtins_of(one, NAMED)}
    on_page = places_of(contents).union(*places.values())
    names = await find_names(page.database, page.account_id, gtins, on_page)
    declared = await find_declared(page.database, page.account_id, [one.event_id for one in found.found])
    chosen = {name: page.query.text(name) for name in FIELDS}
    return render(
        page,
        "events.html",
        status=422 if faults else 200,
        errors=FormErrors(faults),
        found=[
            _row(one.event_id, one.position[0], content, names, declared=one.event_id in declared)
            for one, content in zip(found.found, contents, strict=True)
        ],
        chosen=chosen,
        narrowed=_narrowed(page),
        most=MAX_STREAMED,
        steps=[(step, in_words(step)) for step in _with(steps, chosen["step"])],
        types=[*TYPES.items(), (ERRORS, "An event was declared wrong")],
        places=_place_choices(places, chosen["place"], names),
        zone=page.person.time_zone,
        begun=at is not None,
        following=page.services.cursors.seal(found.position, filters) if found.position else None,
    )


@get(f"{EVENTS}/document", **session_roles(EVERYONE))
async def document(page: NamedDependency[PageRequest]) -> Stream | Response[str]:
    """The events that the page finds, on all of its pages."""
    search = read_search(page.query, page.person.time_zone)
    if search.faults:
        return redirect(page, f"{EVENTS}?{_narrowed(page)}")
    await page.services.limits.spend(EXPORTS, page.account_id)

    async def read_page(at: Sequence[Any] | None = None) -> EventPage:
        return await find_events(page.database, page.account_id, search.query, at=at, limit=MAX_PER_PAGE)

    try:
        first = await read_page()
    except QueryTooComplexException:
        # The page says so, and what to do.
        return redirect(page, f"{EVENTS}?{_narrowed(page)}")
    return stream(page, stream_document(first, read_page, created=now_ms()), "application/json", "events.json")


HANDLERS = (listing, document)


def _narrowed(page: PageRequest) -> str:
    """The search, as the query of an address."""
    return urlencode({name: value for name in FIELDS if (value := page.query.text(name))})


def _contents(texts: Sequence[bytes]) -> list[dict[str, Any]]:
    # Integers of more than 64 bits are valid, too.
    return [json.loads(one) for one in texts]


def _row(event_id: str, at: int, event: dict[str, Any], names: ItemNames, *, declared: bool) -> dict[str, Any]:
    is_declaration = "errorDeclaration" in event
    return {
        "href": event_path(event_id),
        "sentence": tell(event, names),
        "at": at,
        "step": in_words(step_of(event)) if step_of(event) else "",
        "is_declaration": is_declaration,
        "is_declared": declared and not is_declaration,
    }


async def _choices(page: PageRequest) -> tuple[list[str], dict[str, list[str]]]:
    """Business steps, and places by the kind of their role in an event."""

    async def values(column: Any) -> list[str]:
        return (await list_members(page.database, page.account_id, column, after="", limit=_CHOICES))[0]

    return await values("biz_step"), {"r": await values("read_point"), "l": await values("biz_location")}


def _place_choices(places: dict[str, list[str]], chosen: str, names: ItemNames) -> dict[str, list[tuple[str, str]]]:
    """The choices of each role with their names; the chosen place is one of them in any case."""
    which, _, uri = chosen.partition(":")
    listed = {kind: _with(found, uri if kind == which else "") for kind, found in places.items()}
    return {kind: [(f"{kind}:{one}", place_name(one, names)) for one in found] for kind, found in listed.items()}


def _with(found: list[str], chosen: str) -> list[str]:
    return found if not chosen or chosen in found else [chosen, *found]
