"""`GET /products/{id}`, answered at the edge because integrations call it most.

The router's route of the same address says who may ask; it answers what is not plain: parameters, conditions.
"""

import msgspec

from linkxg.catalog.products.model import view
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.routes import CHANGES, ONE, tag_of
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.http.pagination import Success
from linkxg.http.request_context import JSON_TYPE, RawResponse, RequestContext
from linkxg.identity.tokens.guard import Guard

_CONSTANT = (JSON_TYPE, (b"cache-control", CHANGES.encode()))


class ReadEndpoint:
    def __init__(self, database: Database, guard: Guard) -> None:
        self._database = database
        self._guard = guard
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, context: RequestContext) -> RawResponse:
        caller = self._guard.admit(context, ONE["opt"])
        shown = await read_product(self._database, Viewer(caller.account_id), context.argument)
        tag = (b"etag", tag_of(shown.head.revision).encode())
        return RawResponse(200, self._encode(Success(data=view(shown))), [*_CONSTANT, tag])
