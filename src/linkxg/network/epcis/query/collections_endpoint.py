"""The collections of what events have in common: `/epcis/bizSteps`, `/epcis/epcs`, … (EPCIS 2.0 §12.6)."""

from collections.abc import Callable
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.errors import InvalidRequest, NotAcceptable, NotFound, PayloadTooLarge
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of
from linkxg.network.epcis.discovery_endpoint import discovery
from linkxg.network.epcis.documents.model import EVENT_TYPES, ItemRole
from linkxg.network.epcis.documents.vocabulary import BIZ_STEP, DISPOSITION
from linkxg.network.epcis.errors import QueryParameterException
from linkxg.network.epcis.http_pages import (
    DEFAULT_PER_PAGE,
    PAGED,
    TYPES,
    PageToken,
    PerPage,
    media_type,
    next_page,
    open_token,
    parameters_of,
    read_segment,
)
from linkxg.network.epcis.query.events_response import (
    COLLECTION,
    DOCUMENT,
    QUERY_ERRORS,
    EpcFormatHeader,
    Extensions,
    QueryServices,
    events_response,
    read_asked,
)
from linkxg.network.epcis.query.list_members import has_member, list_members
from linkxg.network.epcis.query.model import ColumnIn, Condition, ItemsMatch, Match, TextColumn
from linkxg.network.epcis.query.parameter_values import BadValue, read_patterns, read_uris, read_words
from linkxg.network.epcis.query.query_document import write_collection
from linkxg.network.epcis.scopes import SCOPE


class Collection(NamedTuple):
    """`condition` is that of the events of a member."""

    name: str
    about: str
    one: str
    column: TextColumn | None
    condition: Callable[[str], Condition]


def _of_epc(text: str) -> Condition:
    return ItemsMatch(tuple(ItemRole), None, read_patterns([text]))


COLLECTIONS = (
    Collection("eventTypes", "types of events", "type", "type", lambda text: ColumnIn("type", Match((text,)))),
    Collection("epcs", "EPCs", "EPC", None, _of_epc),
    Collection("bizSteps", "business steps", "business step", "biz_step",
               lambda text: ColumnIn("biz_step", Match(read_words([text], BIZ_STEP)))),
    Collection("bizLocations", "business locations", "business location", "biz_location",
               lambda text: ColumnIn("biz_location", Match(read_uris([text])))),
    Collection("readPoints", "read points", "read point", "read_point",
               lambda text: ColumnIn("read_point", Match(read_uris([text])))),
    Collection("dispositions", "disposition", "dispositions", "disposition",
               lambda text: ColumnIn("disposition", Match(read_words([text], DISPOSITION)))),
)  # fmt: skip


async def _condition(services: QueryServices, account_id: str, of: Collection, raw: str) -> Condition:
    """The condition of a member that the account's events have. Raises QueryParameterException or NotFound."""
    try:
        condition = of.condition(read_segment(raw))
    except BadValue as error:
        raise QueryParameterException(f"The path {error}") from None
    is_standard = isinstance(condition, ColumnIn) and condition.match.exact[0] in EVENT_TYPES
    if not is_standard and not await has_member(services.database, account_id, condition):
        raise NotFound(f"No event has this {of.one}.")
    return condition


def _handlers(of: Collection) -> list[HTTPRouteHandler]:
    path, one = f"/epcis/{of.name}", f"/epcis/{of.name}/{{member:str}}"
    title = of.name[0].upper() + of.name[1:]

    async def listing(
        request: Request[Any, Any, Any],
        services: NamedDependency[QueryServices],
        per_page: PerPage = DEFAULT_PER_PAGE,
        token: PageToken = None,
    ) -> Response[bytes]:
        account_id = account_id_of(request.scope)
        filters = {"list": f"epcis {of.name}", "account": account_id}
        if of.column == "type":
            return Response(write_collection(EVENT_TYPES), media_type=media_type(request))
        after = (open_token(services, token, filters) or [""])[0]
        found, more = await list_members(services.database, account_id, of.column, after=after, limit=per_page)
        headers = next_page(
            request, services, parameters_of(request), [found[-1]] if more else None, filters, per_page=per_page
        )
        return Response(write_collection(found), media_type=media_type(request), headers=headers)

    async def member_of(
        request: Request[Any, Any, Any], services: NamedDependency[QueryServices], member: FromPath[str]
    ) -> Response[bytes]:
        await _condition(services, account_id_of(request.scope), of, member)
        return Response(write_collection(["events"]), media_type=media_type(request))

    async def events_of(
        request: Request[Any, Any, Any],
        services: NamedDependency[QueryServices],
        member: FromPath[str],
        epc_format: EpcFormatHeader = "Always_GS1_Digital_Link",
        extensions: Extensions = None,
        per_page: PerPage = DEFAULT_PER_PAGE,
        token: PageToken = None,
    ) -> Response[bytes]:
        asked = read_asked(request, extensions)
        condition = await _condition(services, account_id_of(request.scope), of, member)
        return await events_response(request, services, asked, epc_format, per_page, also=(condition,))

    listing.__doc__ = f"The {of.about} of the account's events."
    member_of.__doc__ = f"What there is for one of the {of.about}.\n\nIt is one segment of the path, percent-encoded."
    events_of.__doc__ = f"The events of one of the {of.about}.\n\nThe parameters are those of `GET /epcis/events`."
    answer = dict.fromkeys(TYPES, COLLECTION)
    return [
        get(path, name=f"epcis {of.name}", operation_id=f"listEpcis{title}", response_headers=PAGED,
            errors=(InvalidRequest, NotAcceptable, PayloadTooLarge), gives=answer, **scope(SCOPE))(listing),
        get(one, name=f"epcis {of.name} member", operation_id=f"readEpcis{title}",
            errors=(InvalidRequest, NotAcceptable, NotFound, PayloadTooLarge), gives=answer, **scope(SCOPE))(member_of),
        get(f"{one}/events", name=f"epcis {of.name} events", operation_id=f"find{title}Events", response_headers=PAGED,
            gives=dict.fromkeys(TYPES, DOCUMENT), errors=(*QUERY_ERRORS, NotFound),
            **scope(SCOPE, reads_query=True))(events_of),
        *map(discovery, (path, one, f"{one}/events")),
    ]  # fmt: skip


HANDLERS = [handler for collection in COLLECTIONS for handler in _handlers(collection)]
