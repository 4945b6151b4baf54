"""`/api/v1/openapi.json` and `/api/v1/reference`: the document, and the page made from it.

Both are made when first asked for, in a thread because that takes a tenth of a second, and kept: they say the same as
long as the process lives.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from linkxg.api_docs.document import describe
from linkxg.api_docs.reference_page import render
from linkxg.http.edge import RawRoutes
from linkxg.http.permissions import public

DOCUMENT = "/api/v1/openapi.json"
PAGE = "/api/v1/reference"
STYLE = "/api/v1/reference.css"
_CACHE = {"Cache-Control": "public, max-age=300"}
# Nothing but our own stylesheet is loaded, nothing runs, nobody may frame the page.
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def routes(
    handlers: Sequence[ControllerRouterHandler], raw: RawRoutes, issuer: str, version: str
) -> list[HTTPRouteHandler]:
    """The routes that describe `handlers` and the endpoints at the edge."""

    @cache
    def document() -> dict[str, Any]:
        return describe(handlers, raw, issuer, version)

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document())

    @cache
    def page() -> str:
        return render(document(), DOCUMENT, STYLE)

    @cache
    def style() -> str:
        return Path(__file__).with_name("reference.css").read_text()

    @get(DOCUMENT, include_in_schema=False, sync_to_thread=True, **public())
    def openapi() -> Response[bytes]:
        """This document, in OpenAPI 3.1."""
        return Response(encoded(), media_type="application/json", headers=_CACHE)

    @get(PAGE, include_in_schema=False, sync_to_thread=True, **public())
    def reference() -> Response[str]:
        """The document as a page."""
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", **_CACHE}
        return Response(page(), media_type="text/html", headers=headers)

    @get(STYLE, include_in_schema=False, sync_to_thread=True, **public())
    def stylesheet() -> Response[str]:
        """The page's one stylesheet."""
        return Response(style(), media_type="text/css", headers=_CACHE)

    return [openapi, reference, stylesheet]
