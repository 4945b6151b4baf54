"""The routers of EPCIS."""

from collections.abc import Callable

from litestar import Router

from linkxg.db import Database
from linkxg.http.pagination import Cursors
from linkxg.network.epcis.capture import routes as capture_routes
from linkxg.network.epcis.capture.routes import CaptureServices
from linkxg.network.epcis.page_tokens import PageTokens
from linkxg.network.epcis.query import routes as query_routes
from linkxg.network.epcis.query.answers_endpoint import QueryServices


def routers(database: Database, cursors: Cursors, public_url: str, wake: Callable[[], None]) -> list[Router]:
    """`wake` says that a job has been queued."""
    tokens = PageTokens(cursors)
    return [
        capture_routes.router(CaptureServices(database, tokens, public_url, wake)),
        query_routes.router(QueryServices(database, tokens, public_url)),
    ]
