"""`/{slug}/01/…`: GS1 Digital Links, and the description of this resolver (GS1-Conformant Resolver 1.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from linkxg.catalog.identifiers.keys import KEYS, NotAnIdentifier
from linkxg.db import Database
from linkxg.errors import Gone, InvalidRequest, PublicError
from linkxg.http.permissions import public
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import RequestContext, context_of
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.documents.media_types import HTML
from linkxg.network.passports.read.error_page_endpoint import prefers_page
from linkxg.network.passports.read.passport_endpoint import language_of
from linkxg.network.passports.read.public_passports import PublicPassports
from linkxg.network.passports.read.representation import headers_of
from linkxg.network.passports.resolver.link_endpoint import (
    JSON_LD_CONTEXT,
    SHARED,
    choices_response,
    link_response,
    page_of,
)
from linkxg.network.passports.resolver.linkset import PREFIXES, LinkLevel
from linkxg.network.passports.resolver.requested_link import RequestedLink, read_requested
from linkxg.network.passports.resolver.resolve import GTIN, RESOLVED, is_issuer, resolve, resolve_publishers

RESOLUTIONS = Budget("resolver", 600, 60)
_LINK: dict[str, Any] = {"include_in_schema": False, **public(RESOLUTIONS, ignores_query=True)}
AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class ResolverServices:
    database: Database
    addresses: Addresses
    public: PublicPassports


@get([f"/{{slug:str}}/{ai}/{{rest:path}}" for ai in KEYS], **_LINK)
async def digital_link(
    request: AnyRequest, services: NamedDependency[ResolverServices], slug: FromPath[str], rest: FromPath[str]
) -> Response[bytes]:
    """Redirects to the passport of an item, its batch or its model, or gives the links of all of them."""
    with _readable_by_all():
        return await _resolve(services, request, slug, _read(request))


@get("/{slug:str}/{compressed:str}", **_LINK)
async def compressed_link(
    request: AnyRequest, services: NamedDependency[ResolverServices], slug: FromPath[str], compressed: FromPath[str]
) -> Response[bytes]:
    """Answers a compressed link as the link for which it stands. Below no issuer it is an unknown address."""
    try:
        link = _read(request)
    except InvalidRequest:
        if not await services.database.read(is_issuer, slug):
            raise NotFoundException from None
        with _readable_by_all():
            raise
    with _readable_by_all():
        return await _resolve(services, request, slug, link)


@get(f"/{GTIN}/{{rest:path}}", **_LINK)
async def link_without_account(
    request: AnyRequest, services: NamedDependency[ResolverServices], rest: FromPath[str]
) -> Response[bytes]:
    """The passports of all accounts that have the GTIN: nobody has verified whose it is."""
    with _readable_by_all():
        link = _read(request, has_slug=False)
        publishers, page = await resolve_publishers(services.database, services.addresses, link, page_of(link))
        return choices_response(context_of(request.scope), link, publishers, page, services.addresses.public_url)


async def _resolve(services: ResolverServices, request: AnyRequest, slug: str, link: RequestedLink) -> Response[bytes]:
    levels, context = await resolve(services.database, services.addresses, slug, link), context_of(request.scope)
    try:
        return link_response(context, link, levels, services.addresses.public_url)
    except Gone as gone:
        if not prefers_page(context):
            raise
        return await _withdrawn_page(services, context, levels[0], gone)


async def _withdrawn_page(
    services: ResolverServices, context: RequestContext, level: LinkLevel, gone: Gone
) -> Response[bytes]:
    """The passport, which says so and why: whoever scans a product that is withdrawn must read that at once."""
    language = language_of(context, HTML)
    found = await services.public.read(level.withdrawn.rpartition("/")[2], HTML, language)
    context.notes["error"] = gone.code
    shared = {"Access-Control-Allow-Origin": "*", "Vary": "accept, accept-language"}
    return Response(
        found.body, status_code=gone.status, headers={**headers_of(HTML, language), **gone.headers, **shared}
    )


def _read(request: AnyRequest, *, has_slug: bool = True) -> RequestedLink:
    """Raises InvalidRequest."""
    path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    try:
        return read_requested(path, query, has_slug=has_slug)
    except NotAnIdentifier as error:
        raise InvalidRequest(str(error)) from None


@contextmanager
def _readable_by_all() -> Iterator[None]:
    """Other origins read errors too."""
    try:
        yield
    except PublicError as error:
        error.headers["Access-Control-Allow-Origin"] = "*"
        raise


async def _describe(services: NamedDependency[ResolverServices]) -> Response[dict[str, Any]]:
    """What this resolver resolves: GTINs below the name of an account, and its GLN."""
    description = {
        "name": "LinkXG",
        "resolverRoot": services.addresses.public_url,
        "supportedPrimaryKeys": list(RESOLVED),
        "supportedLinkType": [{"namespace": namespace, "prefix": prefix} for prefix, namespace in PREFIXES.items()],
        "linkTypeDefaultCanBeLinkset": False,
        "jsonLdContextLocation": JSON_LD_CONTEXT,
    }
    return Response(description, headers=SHARED)


_PUBLIC = public(RESOLUTIONS, ignores_query=True)
gs1_description = get("/.well-known/gs1resolver", operation_id="describeGs1Resolver", **_PUBLIC)(_describe)
iso_description = get("/.well-known/resolver", operation_id="describeResolver", **_PUBLIC)(_describe)


def public_router(services: ResolverServices) -> Router:
    """Below the root of the service, where data carriers point."""
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[digital_link, compressed_link, link_without_account, gs1_description, iso_description],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
