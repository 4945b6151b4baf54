"""`/traceability/item`: where an item is, and its timeline, with its containers' events while it was in them."""

from collections.abc import Sequence

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.event_items import event_path, place_name, uri_name
from linkxg.console.event_words import done_in_words, lower_words
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.product_duplicates import link_to_holder
from linkxg.console.recall_names import gtins_of_items
from linkxg.console.trace_page import TRACEABILITY
from linkxg.console.trace_query import read_day, trace_reader
from linkxg.console.trace_view import ITEM_PAGE, item_address
from linkxg.errors import InvalidCursor, InvalidRequest, NotFound
from linkxg.http.long_answer import long_answer
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.find_names import ItemNames, find_names
from linkxg.network.traceability.model import ItemStatus, TimelineEvent
from linkxg.network.traceability.read_graph import TraceReader
from linkxg.network.traceability.read_query import read_uri
from linkxg.network.traceability.status import read_status
from linkxg.network.traceability.timeline import TimelinePlace, gtin_of, read_timeline

ON_A_PAGE = 50
GRANULARITIES = {"SERIAL": "One item", "LOT": "A lot", "CLASS": "All of this product"}


@get(ITEM_PAGE, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    if not page.query.text("item").strip():
        return redirect(page, TRACEABILITY)
    uri, day = _uri(page), page.query.text("day").strip()
    bounds, fault = read_day(day)
    reader = await trace_reader(page)
    filters = {"list": "console item events", "account": page.account_id, "item": uri, **bounds._asdict()}
    try:
        after = page.services.cursors.open(page.query.text("after"), filters) if page.query.text("after") else None
    except InvalidCursor:
        after = None
    events: list[TimelineEvent] = []
    last, is_unknown = None, False
    try:
        with long_answer(page.context) as answer:
            events, last = await read_timeline(
                reader, page.account_id, uri, bounds, answer,
                after=TimelinePlace._make(after) if after else None, limit=ON_A_PAGE,
            )  # fmt: skip
    except NotFound:
        # A trace may show an item of a partner whose events are not shared.
        is_unknown = True
    status = await _status(page, reader, uri, bounds)
    gtin14 = gtin_of(uri)
    product = await link_to_holder(page.database, page.account_id, "gtin", gtin14) if gtin14 else None
    names = await _names(page, uri, status, events)
    return render(
        page,
        "trace_item.html",
        status=404 if is_unknown else 200,
        is_unknown=is_unknown,
        uri=uri,
        title=_capital(uri_name(uri, names)),
        status_of=status,
        product=product,
        events=[(one, _done(one)) for one in events],
        granularities=GRANULARITIES,
        words=lower_words,
        event_path=event_path,
        item_name=lambda one: uri_name(one, names),
        place_name=lambda one: place_name(one, names),
        item_address=item_address,
        trace=TRACEABILITY,
        day="" if fault else day,
        day_fault=fault,
        begun=after is not None,
        following=page.services.cursors.seal([*last], filters) if last else None,
    )


HANDLERS = (show,)


def _done(event: TimelineEvent) -> str:
    """What a container's event has done, it has done to the container, which the page names before it."""
    done = done_in_words(event.type, event.action, event.biz_step)
    return done[:1].lower() + done[1:] if event.inherited_from else done


def _capital(text: str) -> str:
    """Of words; a URI stays as it is."""
    return text if ":" in text.partition(" ")[0] else text[:1].upper() + text[1:]


async def _names(page: PageRequest, uri: str, status: ItemStatus | None, events: Sequence[TimelineEvent]) -> ItemNames:
    places = {place for one in events for place in (one.biz_location, one.read_point) if place}
    if status and status.location:
        places |= {place for place in (status.location.biz_location, status.location.read_point) if place}
    uris = [uri, *(one.inherited_from for one in events if one.inherited_from)]
    uris += [one.id for one in status.containers] if status else []
    return await find_names(page.database, page.account_id, gtins_of_items(uris), places)


def _uri(page: PageRequest) -> str:
    """Raises NotFound for what is no identifier: the address of an item comes from a link."""
    try:
        return read_uri(page.query.text("item").strip(), None, None, None)
    except InvalidRequest:
        raise NotFound from None


async def _status(page: PageRequest, reader: TraceReader, uri: str, bounds: Bounds) -> ItemStatus | None:
    """None for an item that only partners know."""
    try:
        with long_answer(page.context) as answer:
            return await read_status(reader, page.account_id, uri, bounds, answer)
    except NotFound:
        return None
