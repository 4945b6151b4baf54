"""`/v1/dpps…`: the reads of EN 18222:2026. Identifiers are percent-encoded into one segment of the path."""

from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures.headers import Accept
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.clock import read_rfc3339
from linkxg.errors import InvalidRequest, NotAcceptable, NotFound, PublicError
from linkxg.http.error_responses import ErrorResponses
from linkxg.http.headers import next_page
from linkxg.http.permissions import public_or_scope, scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.documents.element_path import NotAnElementPath, find_element, read_element_path
from linkxg.network.passports.documents.json_envelope import view_passport
from linkxg.network.passports.en18222.error_body import error_members
from linkxg.network.passports.en18222.full_representation import HEADER, element, full
from linkxg.network.passports.en18222.product_ids import find_passport_ids
from linkxg.network.passports.en18222.requested_ids import MAX_IDS, read_requested
from linkxg.network.passports.read.passport_endpoint import PASSPORT_READS, PassportServices, viewer_of
from linkxg.network.passports.read.read_passport import NEWEST, read_passport

PATH = "/v1/dppsByProductIds"
_READ: dict[str, Any] = {"include_in_schema": False, **public_or_scope("dpp:read", PASSPORT_READS)}
_ELEMENTS, _PARTS_OF_ELEMENT = "elements", 3
AnyRequest = Request[Any, Any, Any]
Representation = FromQuery[str | None]


@get("/v1/dpps/{rest:path}", **_READ)
async def read_by_id(
    request: AnyRequest,
    services: NamedDependency[PassportServices],
    rest: FromPath[str],
    representation: Representation = None,
) -> Response[Any]:
    """ReadDPPById, and ReadDataElement below it."""
    segments = _segments(request, "/v1/dpps/")
    if len(segments) == 1:
        return _answer(request, await _document(request, services, segments[0]), representation)
    if len(segments) != _PARTS_OF_ELEMENT or segments[1] != _ELEMENTS:
        raise NotFound
    document = await _document(request, services, segments[0])
    try:
        steps = read_element_path(segments[2])
    except NotAnElementPath:
        raise InvalidRequest("An element is named by a singular JSONPath, such as $.materials[0].name.") from None
    # The elements of the standard are those of the content; the header is named by its members.
    inside = document if steps and steps[0] in HEADER | {"content"} else document["content"]
    try:
        found = find_element(inside, steps)
    except LookupError:
        raise NotFound from None
    is_full = _is_full(representation)
    return _json(request, element(str(steps[-1]) if steps else "$", found) if is_full else found)


@get("/v1/dppsByProductId/{rest:path}", **_READ)
async def read_by_product_id(
    request: AnyRequest,
    services: NamedDependency[PassportServices],
    rest: FromPath[str],
    representation: Representation = None,
) -> Response[Any]:
    """ReadDPPByProductId."""
    product_id = _only(_segments(request, "/v1/dppsByProductId/"))
    viewer = viewer_of(context_of(request.scope))
    url = services.addresses.public_url
    (found,) = await services.database.read(find_passport_ids, url, viewer, [product_id])
    if found is None:
        raise NotFound
    document = await _document(request, services, services.addresses.passport(found))
    return _answer(request, document, representation)


@get("/v1/dppsByIdAndDate/{rest:path}", **_READ)
async def read_by_id_and_date(
    request: AnyRequest,
    services: NamedDependency[PassportServices],
    rest: FromPath[str],
    date: Annotated[str, QueryParameter(max_length=40)],
    representation: Representation = None,
) -> Response[Any]:
    """ReadDPPVersionByIdAndDate."""
    at = read_rfc3339(date)
    if at is None:
        raise InvalidRequest("The parameter date must be a time such as 2026-11-23T14:33:00Z.")
    dpp_id = _only(_segments(request, "/v1/dppsByIdAndDate/"))
    return _answer(request, await _document(request, services, dpp_id, at), representation)


@post(PATH, status_code=200, include_in_schema=False, **scope("dpp:read", PASSPORT_READS))
async def read_ids(
    request: AnyRequest,
    services: NamedDependency[PassportServices],
    data: JSONBody[dict[str, Any] | list[Any]],
    limit: Annotated[int | None, QueryParameter(ge=1, le=MAX_IDS)] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[Any]:
    """ReadDPPIdsByProductIds."""
    asked = read_requested(data)
    size, given = limit or asked.limit or MAX_IDS, cursor or asked.cursor
    filters = {"list": "EN 18222", "account": account_id_of(request.scope), "ids": asked.ids}
    start = int(services.cursors.open(given, filters)[0]) if given else 0
    url, account_id = services.addresses.public_url, account_id_of(request.scope)
    page = asked.ids[start : start + size]
    found = await services.database.read(find_passport_ids, url, account_id, page)
    is_last = start + size >= len(asked.ids)
    following = None if is_last else services.cursors.seal([start + size], filters)
    ids = [services.addresses.passport(one) for one in found if one is not None]
    return Response(asked.answer(ids, following), headers=next_page(url + PATH, following, limit=size))


def _segments(request: AnyRequest, prefix: str) -> list[str]:
    """The segments below a path: split before decoding, as identifiers contain slashes."""
    raw = request.scope["raw_path"].decode("latin-1").removeprefix(prefix)
    return [unquote(one) for one in raw.split("/")]


def _only(segments: list[str]) -> str:
    if len(segments) != 1:
        raise NotFound("An identifier is percent-encoded into one segment of the path.")
    return segments[0]


async def _document(
    request: AnyRequest, services: PassportServices, dpp_id: str, at: int | None = None
) -> dict[str, Any]:
    """Raises NotFound for what is no passport of this service."""
    prefix = services.addresses.passport("")
    if not dpp_id.startswith(prefix):
        raise NotFound
    viewer = viewer_of(context_of(request.scope))
    found = await read_passport(services.database, dpp_id.removeprefix(prefix), viewer, NEWEST._replace(as_of=at))
    document: dict[str, Any] = msgspec.to_builtins(view_passport(found, services.addresses))
    return document


def _answer(request: AnyRequest, document: dict[str, Any], representation: str | None) -> Response[Any]:
    return _json(request, full(document) if _is_full(representation) else document)


def _json(request: AnyRequest, body: Any) -> Response[Any]:
    accepted = context_of(request.scope).header(b"accept")
    if accepted and Accept(accepted.decode("latin-1")).best_match(["application/json"]) is None:
        raise NotAcceptable("The reads of EN 18222 are available as application/json only.")
    headers = {"Access-Control-Allow-Origin": "*", "Vary": "authorization"}
    return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)


def _is_full(representation: str | None) -> bool:
    if representation not in (None, "compressed", "full", "expanded"):
        raise InvalidRequest("The parameter representation must be compressed or full.")
    return representation in ("full", "expanded")


def public_router(services: PassportServices, error_responses: ErrorResponses) -> Router:
    """Below the root of the service, as the standard has it."""

    def refuse(request: AnyRequest, error: PublicError) -> Response[bytes]:
        context = context_of(request.scope)
        reply = error_responses.reply(error, context)
        members = error_members(reply.status, error.description, context.request_id)
        headers = {name.decode(): value.decode() for name, value in reply.headers if name != b"content-type"}
        body = msgspec.json.encode(msgspec.json.decode(reply.body) | members)
        return Response(body, status_code=reply.status, media_type="application/json", headers=headers)

    return Router(
        "/",
        tags=[TAG],
        route_handlers=[read_by_id, read_by_product_id, read_by_id_and_date, read_ids],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        exception_handlers={PublicError: refuse},
    )
