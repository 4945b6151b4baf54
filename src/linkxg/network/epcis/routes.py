"""The routers of EPCIS."""

from collections.abc import Callable

from litestar import Router

from linkxg.db import Database
from linkxg.http.pagination import Cursors
from linkxg.network.epcis.capture import routes as capture_routes
from linkxg.network.epcis.capture.routes import CaptureServices
from linkxg.network.epcis.page_tokens import PageTokens


def routers(database: Database, cursors: Cursors, public_url: str, wake: Callable[[], None]) -> list[Router]:
    """`wake` says that a job has been queued."""
    return [capture_routes.router(CaptureServices(database, PageTokens(cursors), public_url, wake))]
