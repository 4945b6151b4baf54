"""`/api/v1/openapi.json` and `/api/v1/reference`: the document, and the page made from it.

Both are made in a thread, because that takes about a second.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler

from linkxg.api_docs.document import describe
from linkxg.api_docs.reference_page import render
from linkxg.http.permissions import public
from linkxg.http.route_declaration import RawRoutes

DOCUMENT = "/api/v1/openapi.json"
PAGE = "/api/v1/reference"
STYLE = "/api/v1/reference.css"
_CACHE = {"Cache-Control": "public, max-age=300"}
# Nothing but our own stylesheet is loaded, nothing runs, nobody may frame the page.
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Reference:
    """The document and its page: made when first asked for, and kept."""

    def __init__(
        self, handlers: Sequence[ControllerRouterHandler], raw: RawRoutes, public_url: str, version: str
    ) -> None:
        self._described = handlers, raw, public_url, version

    @cached_property
    def document(self) -> dict[str, Any]:
        return describe(*self._described)

    @cached_property
    def encoded(self) -> bytes:
        return msgspec.json.encode(self.document)

    @cached_property
    def page(self) -> str:
        return render(self.document, DOCUMENT, STYLE)


@get(DOCUMENT, sync_to_thread=True, **public())
def openapi(reference: NamedDependency[Reference]) -> Response[bytes]:
    """This document, in OpenAPI 3.1."""
    return Response(reference.encoded, media_type="application/json", headers=_CACHE)


@get(PAGE, sync_to_thread=True, **public())
def reference_page(reference: NamedDependency[Reference]) -> Response[str]:
    """The document as a page."""
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", **_CACHE}
    return Response(reference.page, media_type="text/html", headers=headers)


@get(STYLE, sync_to_thread=True, **public())
def stylesheet() -> Response[str]:
    """The page's one stylesheet."""
    return Response(_stylesheet(), media_type="text/css", headers=_CACHE)


@cache
def _stylesheet() -> str:
    return Path(__file__).with_name("reference.css").read_text()


def router(reference: Reference) -> Router:
    return Router(
        "/",
        route_handlers=[openapi, reference_page, stylesheet],
        dependencies={"reference": Provide(lambda: reference, sync_to_thread=False)},
        include_in_schema=False,
    )
