"""`/events/{id}`: one event in words, beside the error declarations about it, and its source."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from linkxg.clock import now_ms
from linkxg.console.audit_log import EXPORTS
from linkxg.console.event_facts import facts_of
from linkxg.console.event_items import event_path, gtins_of, lines_of, places_of
from linkxg.console.event_sentence import tell
from linkxg.console.event_words import in_words
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render, stream
from linkxg.errors import NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.jobs.read_job import read_job
from linkxg.network.epcis.capture.model import RESOURCE
from linkxg.network.epcis.documents.times import read_time
from linkxg.network.epcis.documents.vocabulary import ERROR_REASON
from linkxg.network.epcis.events.model import is_ahead
from linkxg.network.epcis.page_tokens import MAX_PER_PAGE
from linkxg.network.epcis.query.event_details import EventDetails, read_event_details
from linkxg.network.epcis.query.find_events import EventPage, read_event
from linkxg.network.epcis.query.stream_document import stream_document
from linkxg.network.traceability.find_names import find_names

EVENT = "/events/{event_id:str}"
SHOWN_ITEMS = 100
SHOWN_DECLARATIONS = 20
SHOWN_SOURCE = 64 * 1024
"""Characters of the source; the download has all of it."""


@get(EVENT, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], event_id: FromPath[str]) -> Response[str]:
    found, has_more = await read_event_details(
        page.database, page.account_id, unquote(event_id), limit=SHOWN_DECLARATIONS
    )
    contents = await asyncio.to_thread(lambda: [json.loads(one.content) for one in found])
    gtins = {gtin for one in contents for gtin in gtins_of(one, SHOWN_ITEMS)}
    names = await find_names(page.database, page.account_id, gtins, places_of(contents))
    pairs = [*zip(found, contents, strict=True)]
    originals = [one for one in pairs if not one[0].declaration_time]
    declarations = [one for one in pairs if one[0].declaration_time]
    # A declaration may arrive alone, before the event that it is about.
    details, event = (originals or declarations)[0]
    return render(
        page,
        "event.html",
        event_id=details.event_id,
        sentence=tell({name: value for name, value in event.items() if name != "errorDeclaration"}, names),
        at=details.event_time,
        is_missing=not originals,
        details=details,
        is_ahead=is_ahead(details.event_time, details.record_time),
        captured_by=await _capture_of(page, details),
        declarations=[_declaration(one, content) for one, content in declarations],
        facts=await asyncio.to_thread(facts_of, event, names),
        lists=lines_of(event, names, SHOWN_ITEMS),
        most_declarations=SHOWN_DECLARATIONS if has_more else None,
        sources=await asyncio.to_thread(lambda: [_source(one, content) for one, content in pairs]),
        document=f"{event_path(details.event_id)}/document",
        containers={"AggregationEvent": "Container", "AssociationEvent": "Asset"}.get(event["type"], "Parent"),
    )


@get(f"{EVENT}/document", **session_roles(EVERYONE))
async def document(page: NamedDependency[PageRequest], event_id: FromPath[str]) -> Stream:
    """The event and all of its error declarations."""

    async def read_page(at: Sequence[Any] | None = None) -> EventPage:
        return await read_event(page.database, page.account_id, unquote(event_id), at=at, limit=MAX_PER_PAGE)

    await page.services.limits.spend(EXPORTS, page.account_id)
    first = await read_page()
    return stream(page, stream_document(first, read_page, created=now_ms()), "application/json", "event.json")


HANDLERS = (show, document)


async def _capture_of(page: PageRequest, details: EventDetails) -> dict[str, str] | None:
    """The capture that the event came from, as long as it is kept, for those who may see captures."""
    if details.job_id is None or "imports:write" not in page.scopes:
        return None
    try:
        job = await read_job(page.database, page.account_id, details.job_id, RESOURCE)
    except NotFound:
        return None
    return {"href": f"/events/captures/{job.id}", "name": job.file_name or "a document of a client"}


def _declaration(details: EventDetails, event: dict[str, Any]) -> dict[str, Any]:
    declaration = event["errorDeclaration"]
    reason = ERROR_REASON.bare(declaration.get("reason", ""))
    return {
        "at": read_time(declaration["declarationTime"]),
        "recorded_at": details.record_time,
        "reason": _REASONS.get(reason) or (in_words(reason) if reason else ""),
        "corrections": [(event_path(one), one) for one in declaration.get("correctiveEventIDs", ())[:SHOWN_ITEMS]],
    }


_REASONS = {
    "did_not_occur": "The event did not happen",
    "incorrect_data": "The event has wrong data",
}


def _source(details: EventDetails, event: dict[str, Any]) -> dict[str, Any]:
    text = ""
    for part in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(event):
        text += part
        if len(text) > SHOWN_SOURCE:
            break
    return {
        "title": "The error declaration as it was captured"
        if details.declaration_time
        else "The event as it was captured",
        "text": text[:SHOWN_SOURCE],
        "is_cut": len(text) > SHOWN_SOURCE,
    }
