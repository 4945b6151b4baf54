"""`DELETE /products/{id}/draft` and `POST /products/{id}/unarchive`: taking back what was begun."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, delete, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import check_key
from linkxg.products.discard_draft import discard_draft
from linkxg.products.model import Product
from linkxg.products.routes import ETAG, may_change, tag_of
from linkxg.products.unarchive_product import unarchive_product
from linkxg.web.conditions import ConditionalWrite
from linkxg.web.exchange import account_id_of, exchange_of
from linkxg.web.forms import refuse_unknown
from linkxg.web.headers import REPLAYED, IdempotencyKey, replay
from linkxg.web.pages import Success
from linkxg.web.permits import scope


def routes(database: Database) -> Sequence[HTTPRouteHandler]:
    @delete(
        "/products/{product_id:str}/draft",
        operation_id="discardDraft",
        tags=["Products"],
        status_code=200,
        operation_class=ConditionalWrite,
        response_headers=[ETAG],
        **scope("products:write"),
    )
    async def discard(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[Success[Product]]:
        """Discard the draft of a published product. The answer is the product with its latest version."""
        refuse_unknown(request.scope["query_string"], set())
        actor = actor_of(exchange_of(request.scope))
        product = await discard_draft(
            database, actor, account_id_of(request.scope), product_id, may_change(request)
        )
        return Response(Success(data=product), headers={"ETag": tag_of(product.revision)})

    @post(
        "/products/{product_id:str}/unarchive",
        operation_id="unarchiveProduct",
        tags=["Products"],
        status_code=200,
        operation_class=ConditionalWrite,
        response_headers=[ETAG, REPLAYED],
        **scope("products:write"),
    )
    async def unarchive(
        request: Request[Any, Any, Any], product_id: FromPath[str], idempotency_key: IdempotencyKey = None
    ) -> Response[Success[Product]]:
        """Unarchive a product. 409 `duplicate_gtin` when another product has its GTIN now."""
        refuse_unknown(request.scope["query_string"], set())
        product, replayed = await unarchive_product(
            database,
            actor_of(exchange_of(request.scope)),
            account_id_of(request.scope),
            product_id,
            may_change(request),
            check_key(idempotency_key),
        )
        return Response(Success(data=product), headers={"ETag": tag_of(product.revision)} | replay(replayed))

    return [discard, unarchive]
