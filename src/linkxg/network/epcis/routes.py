"""The routers of EPCIS."""

from collections.abc import Callable

from litestar import Router

from linkxg.db import Database
from linkxg.http.pagination import Cursors
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.network.epcis.capture import routes as capture_routes
from linkxg.network.epcis.capture.routes import CaptureServices
from linkxg.network.epcis.page_tokens import PageTokens
from linkxg.network.epcis.query import routes as query_routes
from linkxg.network.epcis.query.events_response import QueryServices
from linkxg.network.epcis.subscriptions import routes as subscription_routes
from linkxg.network.epcis.subscriptions.deliverer import SubscriptionDeliverer
from linkxg.network.epcis.subscriptions.manage_subscriptions import SubscriptionServices, end_subscriptions


def routers(
    database: Database,
    cursors: Cursors,
    public_url: str,
    server_key: bytes,
    wake: Callable[[], None],
    deliverer: SubscriptionDeliverer,
    notices: SecurityNotices,
) -> list[Router]:
    """`wake` says that a job has been queued."""
    tokens = PageTokens(cursors)
    return [
        capture_routes.router(CaptureServices(database, tokens, public_url, wake, deliverer.wake)),
        query_routes.router(QueryServices(database, tokens, public_url, end_subscriptions)),
        subscription_routes.router(
            subscription_services(database, cursors, public_url, server_key, deliverer, notices)
        ),
    ]


def subscription_services(
    database: Database,
    cursors: Cursors,
    public_url: str,
    server_key: bytes,
    deliverer: SubscriptionDeliverer,
    notices: SecurityNotices,
) -> SubscriptionServices:
    """What the verbs of subscriptions need, for the API and the console."""
    return SubscriptionServices(
        database, PageTokens(cursors), public_url, server_key, deliverer.receivers, deliverer.wake, notices
    )
