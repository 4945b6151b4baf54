"""`GET /products/{id}`, answered at the edge because integrations call it most.

The router's route of the same address says who may ask; it answers what is not plain: parameters, conditions.
"""

import msgspec

from linkxg.db import Database
from linkxg.products.model import view
from linkxg.products.read_product import read_product
from linkxg.products.routes import CHANGES, ONE, tag_of
from linkxg.products.viewer import Viewer
from linkxg.tokens.guard import Guard
from linkxg.web.exchange import JSON_TYPE, Exchange, Reply
from linkxg.web.pages import Success

_CONSTANT = (JSON_TYPE, (b"cache-control", CHANGES.encode()))


class ReadEndpoint:
    def __init__(self, database: Database, guard: Guard) -> None:
        self._database = database
        self._guard = guard
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, exchange: Exchange) -> Reply:
        caller = self._guard.admit(exchange, ONE["opt"])
        shown = await read_product(self._database, Viewer(caller.account_id), exchange.argument)
        tag = (b"etag", tag_of(shown.head.revision).encode())
        return Reply(200, self._encode(Success(data=view(shown))), [*_CONSTANT, tag])
