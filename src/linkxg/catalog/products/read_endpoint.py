"""Reads one product, with one function behind the router's routes and the edge's fast path.

The edge answers a `GET /products/{id}` without parameters and conditions itself, because integrations call it most; the
router answers every other one.
"""

from typing import Any

import msgspec
from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from linkxg.catalog.products.model import view_product
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.select_fields import Selection, select_fields
from linkxg.catalog.products.versions.store import VersionSelector
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import PreconditionFailed
from linkxg.http.etags import ConditionalRead, Conditions
from linkxg.http.headers import header
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import JSON_TYPE, RawResponse, RequestContext
from linkxg.http.route_declaration import Tag
from linkxg.identity.tokens.guard import Guard

TAG = Tag("Products", "The account's own products.")
NOT_MODIFIED = {304: ResponseSpec(None, description="Not modified.", generate_examples=False)}
ETAG = header("ETag", "The product's revision, for If-Match and If-None-Match.")
READ_PRODUCT: dict[str, Any] = {
    "operation_class": ConditionalRead,
    "response_headers": [ETAG],
    "responses": NOT_MODIFIED,
    **scope("products:read"),
}
"""What the routes that read one product declare."""
REVALIDATE = "private, no-cache"
"""Cache-Control of what may change: a stored copy is used only after revalidation."""

_UNCONDITIONAL = Conditions(None, None)
_encode = msgspec.json.Encoder().encode


async def get_product(
    database: Database,
    viewer: Viewer,
    product_id: str,
    version: VersionSelector | int = "current",
    conditions: Conditions = _UNCONDITIONAL,
    selection: Selection | None = None,
) -> RawResponse:
    """Raises NotFound or PreconditionFailed."""
    shown = await read_product(database, viewer, product_id, version)
    return represent(view_product(shown), product_etag(shown.head.revision), REVALIDATE, conditions, selection)


def represent(
    resource: msgspec.Struct | msgspec.Raw,
    etag: str,
    cache_control: str,
    conditions: Conditions,
    selection: Selection | None,
) -> RawResponse:
    """The resource (encoded or not), or its members that `selection` names; 304 for a caller that already has it.

    Raises PreconditionFailed when If-Match names other states (RFC 9110 §13.1.1).
    """
    if not conditions.is_meant(etag):
        raise PreconditionFailed
    headers = [(b"cache-control", cache_control.encode()), (b"etag", etag.encode())]
    if conditions.is_fresh(etag):
        return RawResponse(304, b"", headers)
    data = select_fields(resource, selection) if selection else resource
    return RawResponse(200, _encode(Success(data=data)), [JSON_TYPE, *headers])


def response_of(raw: RawResponse) -> Response[Any]:
    """The router's response with the same content."""
    return Response(
        raw.body, status_code=raw.status, headers={name.decode(): value.decode() for name, value in raw.headers}
    )


def product_etag(revision: int) -> str:
    return f'"p-{revision}"'


class ReadEndpoint:
    """The fast path of `GET /products/{id}`."""

    def __init__(self, database: Database, guard: Guard) -> None:
        self._database = database
        self._guard = guard

    async def __call__(self, context: RequestContext) -> RawResponse:
        caller = await self._guard.admit(context, READ_PRODUCT["opt"])
        return await get_product(self._database, Viewer(caller.account_id), context.argument)
