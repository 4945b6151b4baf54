"""`/dpp`: passports in the API, and at their public addresses."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.read_endpoint import response_of
from linkxg.clock import read_rfc3339
from linkxg.errors import InvalidRequest, NotAcceptable, NotFound
from linkxg.http.etags import ConditionalRead, Conditions
from linkxg.http.headers import LINK, header
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Limit, Page, Success
from linkxg.http.permissions import public_or_scope, scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.documents.element_path import NotAnElementPath, find_element, read_element_path
from linkxg.network.passports.documents.json_envelope import (
    PassportSummary,
    PassportView,
    summarise,
    view_passport,
)
from linkxg.network.passports.documents.media_types import HTML, JSON, JWT, TYPES
from linkxg.network.passports.read.passport_endpoint import (
    PASSPORT_READS,
    READ_OPTIONS,
    PassportServices,
    get_passport,
    viewer_of,
)
from linkxg.network.passports.read.read_passport import (
    list_own_passports,
    list_partner_passports,
    list_versions_of,
    read_passport,
)
from linkxg.network.passports.read.store import Edition, PassportFilter

PATH = "/api/v1/dpp"
MAX_VERSION = 2**31 - 1
_OBJECT, _TEXT = {"type": "object"}, {"type": "string"}
_GIVES = {name: _TEXT if name in (JWT, HTML) else _OBJECT for name in TYPES if name != JSON}
_ETAG = header("ETag", "Of this representation, for If-None-Match.")
AsOf = Annotated[
    str | None, QueryParameter(name="asOf", max_length=40, description="A time: the version that was the latest then.")
]
PageLanguage = Annotated[
    str | None,
    QueryParameter(
        name="lang", max_length=255, description="The language of the page: en or de; any other is ignored."
    ),
]
VersionOf = Annotated[int | None, QueryParameter(name="version", ge=1, le=MAX_VERSION)]
Gtin = Annotated[str | None, QueryParameter(max_length=14)]
Text = Annotated[str | None, QueryParameter(max_length=20)]
ProductId = Annotated[str | None, QueryParameter(name="productId", max_length=36)]
Shared = Annotated[bool, QueryParameter(description="Those of a product of a partner, who shares a role with you.")]


@get("/dpp", operation_id="listPassports", response_headers=[LINK], **scope("dpp:read"))
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[PassportServices],
    product_id: ProductId = None,
    gtin: Gtin = None,
    lot: Text = None,
    serial: Text = None,
    shared: Shared = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[PassportSummary]]:
    """The passports of the account, or of a product of a partner. In the order of GTIN, lot and serial."""
    account_id = account_id_of(request.scope)
    wanted = PassportFilter(product_id, _gtin14(gtin), lot, serial)
    filters = {"list": "passports", "account": account_id, "shared": shared, **wanted._asdict()}
    after = tuple(services.cursors.open(cursor, filters)) if cursor else None
    listing = list_partner_passports if shared else list_own_passports
    page = await listing(services.database, account_id, wanted, after=after, limit=limit)
    last = page.found[-1].passport if page.has_more else None
    following = services.cursors.seal([last.gtin14, last.lot, last.serial], filters) if last else None
    shown = [summarise(one, services.addresses) for one in page.found]
    asked = {"productId": product_id, "gtin": gtin, "lot": lot, "serial": serial, "shared": "true" if shared else ""}
    return page_response(shown, following, services.addresses.public_url + PATH, limit=limit, **asked)


_READ: dict[str, Any] = {
    "operation_class": ConditionalRead,
    "errors": (NotAcceptable, InvalidRequest),
    "gives": _GIVES,
    "response_headers": [_ETAG],
    **READ_OPTIONS,
}


async def _read(
    request: Request[Any, Any, Any],
    services: NamedDependency[PassportServices],
    passport_id: FromPath[str],
    version: VersionOf = None,
    as_of: AsOf = None,
    lang: PageLanguage = None,
) -> Response[Success[PassportView]]:
    """A passport. Without a token, its public fields.

    The owner reads everything, partners by the roles of their shares.

    `Accept` chooses JSON with the header of EN 18223, a verifiable credential of UNTP 0.7.0, or the signed one.
    """
    context = context_of(request.scope)
    edition, conditions = _edition(version, as_of), Conditions.of(context)
    found = await get_passport(services, context, passport_id, edition, conditions, lang)
    return response_of(found)


_VERSIONS: dict[str, Any] = {"response_headers": [LINK], **READ_OPTIONS}


async def _versions(
    services: NamedDependency[PassportServices],
    passport_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[PassportSummary]]:
    """The versions of a passport, newest first. Each stays readable by `version`, or by `asOf`."""
    filters = {"list": "passport versions", "passport": passport_id}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    page = await list_versions_of(services.database, passport_id, before=before, limit=limit)
    following = services.cursors.seal([page.found[-1].version.version], filters) if page.has_more else None
    shown = [summarise(one, services.addresses) for one in page.found]
    answer = page_response(shown, following, f"{services.addresses.passport(passport_id)}/versions", limit=limit)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


_ELEMENT: dict[str, Any] = {"errors": (InvalidRequest,), **READ_OPTIONS}


async def _element(
    request: Request[Any, Any, Any],
    services: NamedDependency[PassportServices],
    passport_id: FromPath[str],
    path: FromPath[str],
    version: VersionOf = None,
    as_of: AsOf = None,
) -> Success[Any]:
    """One element of a passport. Named by a singular JSONPath (RFC 9535), such as `$.content.materials[0].name`.

    What the caller may not see is not found.
    """
    try:
        steps = read_element_path(path.removeprefix("/"))
    except NotAnElementPath:
        raise InvalidRequest(
            "An element is named by a singular JSONPath of names and indexes, such as $.content.materials[0]."
        ) from None
    viewer, edition = viewer_of(context_of(request.scope)), _edition(version, as_of)
    found = await read_passport(services.database, passport_id, viewer, edition)
    document = msgspec.to_builtins(view_passport(found, services.addresses))
    try:
        return Success(data=find_element(document, steps))
    except LookupError:
        raise NotFound from None


element = get("/dpp/{passport_id:str}/elements/{path:path}", operation_id="readElement", **_ELEMENT)(_element)
read = get("/dpp/{passport_id:str}", operation_id="readPassport", **_READ)(_read)
# Resolvers pass on the query of the link that was scanned.
_BY_ADDRESS: dict[str, Any] = {
    "include_in_schema": False,
    **public_or_scope("dpp:read", PASSPORT_READS, ignores_query=True),
}
read_by_address = get("/dpp/{passport_id:str}", **{**_READ, **_BY_ADDRESS})(_read)
versions = get("/dpp/{passport_id:str}/versions", operation_id="listPassportVersions", **_VERSIONS)(_versions)
versions_by_address = get("/dpp/{passport_id:str}/versions", **{**_VERSIONS, **_BY_ADDRESS})(_versions)


def _edition(version: int | None, as_of: str | None) -> Edition:
    """Raises InvalidRequest."""
    if as_of is None:
        return Edition(version)
    if version is not None:
        raise InvalidRequest("Use either version or asOf, not both.")
    at = read_rfc3339(as_of)
    if at is None:
        raise InvalidRequest("The parameter asOf must be a time such as 2026-11-23T14:33:00Z.")
    return Edition(as_of=at)


def _gtin14(gtin: str | None) -> str | None:
    """Raises InvalidRequest."""
    try:
        return None if gtin is None else read_gtin(gtin).digits14
    except NotAGtin as error:
        raise InvalidRequest(str(error)) from None


def _router(services: PassportServices, *handlers: Any) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=handlers,
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def router(services: PassportServices) -> Router:
    return _router(services, list_all, read, versions, element)


def public_router(services: PassportServices) -> Router:
    """Below the root of the service, where everybody reads a passport by its id."""
    return _router(services, read_by_address, versions_by_address)
