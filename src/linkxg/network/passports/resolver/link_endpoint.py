"""Answers a link: a redirect to the default link or that of a type, or a linkset (GS1-Conformant Resolver 1.2)."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures.headers import Accept

from linkxg.errors import Gone, NotFound
from linkxg.http.forms import form_decode
from linkxg.http.request_context import RequestContext
from linkxg.network.passports.documents.media_types import HTML
from linkxg.network.passports.pages.choices_page import Choice, ShownChoices, choices_page
from linkxg.network.passports.read.passport_endpoint import language_of
from linkxg.network.passports.read.representation import headers_of
from linkxg.network.passports.resolver.linkset import (
    DEFAULT,
    LinkLevel,
    PageOfPublishers,
    link_type,
    linkset,
    merged,
    with_neighbours,
)
from linkxg.network.passports.resolver.requested_link import RequestedLink

LINKSET_TYPE = "application/linkset+json"
JSON_LD_CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
SHARED = {
    "Cache-Control": "public, max-age=60",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Location",
}
_CONTEXT = f'<{JSON_LD_CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
_OF_RESOLVER = ("linkType", "context")
PAGE = "page"
"""The parameter of a link without an account: which page of the companies that have its GTIN."""
MAX_PAGE = 1_000
_NOT_IN_URI = re.compile(r"[^!-~]|[\"<>\\^`{|}]")
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_LINKSETS = ("linkset", "all")


def link_response(
    context: RequestContext, link: RequestedLink, levels: Sequence[LinkLevel], public_url: str
) -> Response[bytes]:
    """Raises NotFound for a type that has no link, and Gone."""
    same = _same_as(link, public_url)
    wanted = _link_type(link.query)
    if _wants_linkset(context, wanted):
        return _linkset_response(levels, same)
    level = levels[0]
    links = level.links.get(link_type(wanted) if wanted else DEFAULT)
    if links is None:
        raise NotFound("There is no link of this type.")
    if level.withdrawn:
        notice = ", ".join([f'<{level.withdrawn}>; rel="describedby"', *same])
        raise Gone(f"The passport is withdrawn. It stays readable at {level.withdrawn}.", headers={"Link": notice})
    location = str(links[0]["href"])
    if query := _passed_on(link.query):
        location += ("&" if "?" in location else "?") + query
    headers = {"Location": location, "Link": ", ".join([linkset_of(level.anchor), *same])}
    return Response(b"", status_code=307, media_type="text/plain", headers={**SHARED, **headers, "Vary": "accept"})


def choices_response(
    context: RequestContext,
    link: RequestedLink,
    publishers: Sequence[Sequence[LinkLevel]],
    page: PageOfPublishers,
    public_url: str,
) -> Response[bytes]:
    """300 with the links of the accounts that have the GTIN: a link without an account prefers none of them.

    Raises NotFound for a type that has no link.
    """
    wanted, same = _link_type(link.query), _same_as(link, public_url)
    address = _in_header(public_url + link.levels[0]) + f"?{_other_page(link.query)}{PAGE}="
    levels = with_neighbours(merged(publishers), page, address)
    same += [f'<{address}{number}>; rel="{relation}"' for relation, number in page.neighbours]
    if _wants_linkset(context, wanted):
        return _linkset_response(levels, same)
    relation = link_type(wanted) if wanted else DEFAULT
    if not any(relation in one[0].links for one in publishers):
        raise NotFound("There is no link of this type.")
    if _prefers(context, LINKSET_TYPE, HTML) != HTML:
        return _linkset_response(levels, same, status=300)
    language = language_of(context, HTML)
    choices = [
        Choice(one[0].issuer, one[0].description, target["href"])
        for one in publishers
        for target in one[0].links.get(relation, [])
    ]
    headers = {**SHARED, **headers_of(HTML, language), "vary": "accept, accept-language"}
    headers |= {"Link": ", ".join(same)} if same else {}
    neighbours = [(relation, f"{address}{number}") for relation, number in page.neighbours]
    shown = ShownChoices(choices, page.first, page.last, page.total, neighbours)
    return Response(choices_page(shown, language).encode(), status_code=300, headers=headers)


def linkset_of(anchor: str) -> str:
    """The field `Link` that points to the linkset of a Digital Link."""
    return f'<{_in_header(anchor)}?linkType=linkset>; rel="linkset"; type="{LINKSET_TYPE}"'


def _in_header(address: str) -> str:
    """Escapes what would end the address or is in no URI: a path comes as a stranger has written it."""
    return _NOT_IN_URI.sub(lambda found: f"%{ord(found[0]):02X}", address)


def _same_as(link: RequestedLink, public_url: str) -> list[str]:
    """The field `Link` that names the uncompressed form of a compressed link; empty for other links."""
    return [f'<{public_url}{_in_header(link.uncompressed)}>; rel="owl:sameAs"'] if link.uncompressed else []


def _linkset_response(levels: Sequence[LinkLevel], more: Sequence[str], status: int = 200) -> Response[bytes]:
    body: dict[str, Any] = linkset(levels)
    headers = {**SHARED, "Link": ", ".join([_CONTEXT, *more]), "Vary": "accept"}
    return Response(msgspec.json.encode(body), status_code=status, media_type=LINKSET_TYPE, headers=headers)


def _link_type(query: str) -> str | None:
    return _parameter(query, "linkType")


def page_of(link: RequestedLink) -> int:
    """The page that a link without an account names; the first one without a number that could be one."""
    given = _parameter(link.query, PAGE) or ""
    return int(given) if _PAGE_NUMBER.fullmatch(given) and int(given) <= MAX_PAGE else 1


def _other_page(query: str) -> str:
    """The query for another page, as it was sent, up to the number of it."""
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != PAGE]
    return "".join(f"{_in_header(pair)}&" for pair in kept)


def _parameter(query: str, wanted: str) -> str | None:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == wanted:
            return form_decode(value.encode())
    return None


def _passed_on(query: str) -> str:
    """The query as it was sent, without the parameters of the resolver."""
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in _OF_RESOLVER)


def _wants_linkset(context: RequestContext, wanted: str | None) -> bool:
    return wanted in _LINKSETS or (wanted is None and _prefers(context, HTML, LINKSET_TYPE) == LINKSET_TYPE)


def _prefers(context: RequestContext, *types: str) -> str:
    """The type that the client prefers; the first one if it accepts none."""
    accepted = (context.header(b"accept") or b"*/*").decode("latin-1")
    return Accept(accepted).best_match(list(types)) or types[0]
