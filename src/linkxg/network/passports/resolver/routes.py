"""`/{slug}/01/…`: GS1 Digital Links, and the description of this resolver (GS1-Conformant Resolver 1.2)."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures.headers import Accept
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.db import Database
from linkxg.errors import Gone, InvalidRequest, NotFound
from linkxg.http.forms import form_decode
from linkxg.http.permissions import public
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import RequestContext, context_of
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.issue.routes import TAG
from linkxg.network.passports.resolver.digital_link_path import read_link_path
from linkxg.network.passports.resolver.linkset import DEFAULT, PREFIXES, LinkLevel, link_type, links_of, linkset
from linkxg.network.passports.resolver.resolve import resolve

RESOLUTIONS = Budget("resolver", 600, 60)
LINKSET_TYPE, HTML_TYPE = "application/linkset+json", "text/html"
_CONTEXT = (
    '<https://ref.gs1.org/standards/resolver/linkset-context>; rel="http://www.w3.org/ns/json-ld#context"; '
    'type="application/ld+json"'
)
_SHARED = {
    "Cache-Control": "public, max-age=60",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Location",
}
_OF_RESOLVER = ("linkType", "context")
_PRINTABLE = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class ResolverServices:
    database: Database
    addresses: Addresses


@get("/{slug:str}/01/{rest:path}", include_in_schema=False, **public(RESOLUTIONS, ignores_query=True))
async def digital_link(
    request: Request[Any, Any, Any],
    services: NamedDependency[ResolverServices],
    slug: FromPath[str],
    rest: FromPath[str],
) -> Response[bytes]:
    """Redirects to the passport of an item, its batch or its model, or gives the links of all of them."""
    context = context_of(request.scope)
    try:
        link = read_link_path(request.scope["raw_path"].decode("latin-1"))
    except NotAnIdentifier as error:
        raise InvalidRequest(str(error)) from None
    levels = await resolve(services.database, services.addresses.public_url, slug, link)
    wanted = _link_type(context)
    if wanted in ("linkset", "all") or (wanted is None and _wants_linkset(context)):
        body = msgspec.json.encode(linkset(levels, services.addresses))
        headers = {**_SHARED, "Link": _CONTEXT, "Vary": "accept"}
        return Response(body, media_type=LINKSET_TYPE, headers=headers)
    return _redirect(levels[0], link_type(wanted) if wanted else DEFAULT, context, services.addresses)


def _redirect(level: LinkLevel, wanted: str, context: RequestContext, addresses: Addresses) -> Response[bytes]:
    links = links_of(level.passport, addresses).get(wanted)
    if links is None:
        raise NotFound("There is no link of this type.")
    address = addresses.passport(level.passport.passport.id)
    if level.passport.withdrawal is not None:
        notice = f'<{address}>; rel="describedby"'
        raise Gone(f"The passport is withdrawn. It stays readable at {address}.", headers={"Link": notice})
    location = str(links[0]["href"])
    if query := _passed_on(context):
        location += ("&" if "?" in location else "?") + query
    headers = {**_SHARED, "Location": location, "Link": linkset_of(level.anchor), "Vary": "accept"}
    return Response(b"", status_code=307, media_type="text/plain", headers=headers)


def linkset_of(anchor: str) -> str:
    """The Link to the linkset of a Digital Link."""
    return f'<{anchor}?linkType=linkset>; rel="linkset"; type="{LINKSET_TYPE}"'


def _link_type(context: RequestContext) -> str | None:
    for pair in context.query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"linkType":
            return form_decode(value)
    return None


def _passed_on(context: RequestContext) -> str:
    """The query as it was sent, without what is for the resolver. Raises InvalidRequest."""
    query = context.query.decode("latin-1")
    if not _PRINTABLE.fullmatch(query):
        raise InvalidRequest("The query of a link must be ASCII; percent-encode other characters.")
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in _OF_RESOLVER)


def _wants_linkset(context: RequestContext) -> bool:
    accepted = context.header(b"accept")
    return accepted is not None and Accept(accepted.decode("latin-1")).best_match([HTML_TYPE, LINKSET_TYPE]) == (
        LINKSET_TYPE
    )


async def _describe(services: NamedDependency[ResolverServices]) -> Response[dict[str, Any]]:
    """What this resolver resolves: GTINs below the name of an account."""
    description = {
        "name": "LinkXG",
        "resolverRoot": services.addresses.public_url,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": namespace, "prefix": prefix} for prefix, namespace in PREFIXES.items()],
        "linkTypeDefaultCanBeLinkset": False,
    }
    return Response(description, headers=_SHARED)


_PUBLIC = public(RESOLUTIONS, ignores_query=True)
gs1_description = get("/.well-known/gs1resolver", operation_id="describeGs1Resolver", **_PUBLIC)(_describe)
iso_description = get("/.well-known/resolver", operation_id="describeResolver", **_PUBLIC)(_describe)


def public_router(services: ResolverServices) -> Router:
    """Below the root of the service, where data carriers point."""
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[digital_link, gs1_description, iso_description],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
