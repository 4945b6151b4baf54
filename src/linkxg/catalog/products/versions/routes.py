"""`/products/{id}/versions`: versions, their differences, and drafts."""

import asyncio
import re
from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter

from linkxg.audit.model import actor_of
from linkxg.catalog.products.canonical import HASH_PREFIX
from linkxg.catalog.products.diff_versions import diff_versions
from linkxg.catalog.products.discard_draft import discard_draft
from linkxg.catalog.products.list_versions import list_versions, read_version
from linkxg.catalog.products.model import Product
from linkxg.catalog.products.read_endpoint import (
    ETAG,
    NOT_MODIFIED,
    REVALIDATE,
    TAG,
    product_etag,
    represent,
    response_of,
)
from linkxg.catalog.products.read_product import MAX_VERSION
from linkxg.catalog.products.routes import PATH, Fields, ProductServices, change_response, precondition_of, viewer_of
from linkxg.catalog.products.select_fields import read_fields, select_from_each
from linkxg.catalog.products.versions.model import Diff, Version, WithdrawVersion, view_version
from linkxg.catalog.products.withdraw_version import withdraw_version
from linkxg.errors import InvalidState, NoDraft, NotFound
from linkxg.http.etags import ConditionalRead, ConditionalWrite, Conditions
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, header, replay
from linkxg.http.long_answer import LongAnswer
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Limit, Page, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of

_VERSION = re.compile("[1-9][0-9]{0,9}")
# A string, so that the guard comes before validation.
VersionNumber = Annotated[
    str, PathParameter(schema_extra={"type": OpenAPIType.INTEGER, "minimum": 1, "maximum": MAX_VERSION})
]
_ETAG = header("ETag", "Of this version and its status, for If-None-Match.")
# The content of a published version never changes; its status may, so a copy is fresh for an hour.
_IMMUTABLE = "private, max-age=3600, immutable"


@get(
    "/products/{product_id:str}/versions",
    operation_id="listVersions",
    response_headers=[LINK],
    **scope("products:read"),
)
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
    fields: Fields = None,
) -> Response[Page[Version]]:
    """The versions of a product, newest first."""
    selection = read_fields(fields, Version) if fields else None
    answer = LongAnswer(context_of(request.scope))
    viewer = viewer_of(request.scope)
    filters = {"list": "versions", "account": viewer.account_id, "product": product_id}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_versions(services.database, viewer, product_id, before=before, limit=limit)
    following = services.cursors.seal([found[-1].version], filters) if more else None
    address = f"{services.public_url}{PATH}/{product_id}/versions"
    versions: list[Any] = [view_version(row) for row in found]
    if selection:
        versions = await asyncio.to_thread(select_from_each, versions, selection)
    await answer.authorise()
    return page_response(versions, following, address, fields=fields, limit=limit)


@get(
    "/products/{product_id:str}/versions/{version:str}",
    operation_id="readVersion",
    operation_class=ConditionalRead,
    response_headers=[_ETAG],
    responses=NOT_MODIFIED,
    **scope("products:read"),
)
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    version: VersionNumber,
    fields: Fields = None,
) -> Response[Success[Version]]:
    """One version. Once published it never changes; it may be superseded or withdrawn."""
    selection = read_fields(fields, Version) if fields else None
    conditions = Conditions.of(context_of(request.scope))
    row = await read_version(services.database, viewer_of(request.scope), product_id, version_of(version))
    cache = REVALIDATE if row.status == "DRAFT" else _IMMUTABLE
    shown = view_version(row)
    return response_of(represent(shown, _etag(shown), cache, conditions, selection))


@get(
    "/products/{product_id:str}/versions/{older:str}/diff/{newer:str}",
    operation_id="diffVersions",
    **scope("products:read"),
)
async def diff(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    older: VersionNumber,
    newer: VersionNumber,
) -> Success[Diff]:
    """The differences of two versions: a JSON Patch (RFC 6902), and each field with its old and new value."""
    return Success(
        data=await diff_versions(
            services.database, viewer_of(request.scope), product_id, version_of(older), version_of(newer)
        )
    )


@post(
    "/products/{product_id:str}/versions/{version:str}/withdraw",
    operation_id="withdrawVersion",
    errors=(InvalidState,),
    status_code=200,
    operation_class=ConditionalWrite,
    response_headers=[_ETAG, REPLAYED],
    **scope("products:write"),
)
async def withdraw(
    request: Request[Any, Any, Any],
    services: NamedDependency[ProductServices],
    product_id: FromPath[str],
    version: VersionNumber,
    data: JSONBody[WithdrawVersion],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Version]]:
    """Withdraw a published version: it stays readable, with the reason.

    If-Match accepts the version's own ETag, or the product's.
    """
    conditions = Conditions.of(context_of(request.scope))
    withdrawn, replayed = await withdraw_version(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        product_id,
        version_of(version),
        data,
        lambda revision, row: conditions.allow_change(product_etag(revision), _etag(view_version(row))),
        services.state_hooks,
        idempotency_key,
    )
    return change_response(request, withdrawn, {"ETag": _etag(withdrawn)} | replay(replayed))


@delete(
    "/products/{product_id:str}/draft",
    operation_id="discardDraft",
    errors=(InvalidState, NoDraft),
    status_code=200,
    operation_class=ConditionalWrite,
    response_headers=[ETAG],
    **scope("products:write"),
)
async def discard(
    request: Request[Any, Any, Any], services: NamedDependency[ProductServices], product_id: FromPath[str]
) -> Response[Success[Product]]:
    """Discard the draft of a published product. The answer is the product with its latest version."""
    actor = actor_of(context_of(request.scope))
    product = await discard_draft(
        services.database, actor, account_id_of(request.scope), product_id, precondition_of(request)
    )
    return change_response(request, product, {"ETag": product_etag(product.revision)})


def router(services: ProductServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[list_all, read, diff, withdraw, discard],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def version_of(text: str) -> int:
    """Each version has one address: `01`, `+1` and non-ASCII digits are invalid. Raises NotFound."""
    if not _VERSION.fullmatch(text):
        raise NotFound
    return int(text)


def _etag(version: Version) -> str:
    digest = version.content_hash.removeprefix(HASH_PREFIX)[:16]
    return f'"v-{version.version}-{digest}-{version.status.lower()}"'
