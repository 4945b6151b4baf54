"""The routers of EPCIS."""

from collections.abc import Callable, Sequence

from litestar import Router

from linkxg.db import Database
from linkxg.http.client_ip import Network
from linkxg.http.pagination import Cursors
from linkxg.network.epcis.capture import routes as capture_routes
from linkxg.network.epcis.capture.routes import CaptureServices
from linkxg.network.epcis.page_tokens import PageTokens
from linkxg.network.epcis.query import routes as query_routes
from linkxg.network.epcis.query.answers_endpoint import QueryServices
from linkxg.network.epcis.subscriptions import routes as subscription_routes
from linkxg.network.epcis.subscriptions.manage_subscriptions import SubscriptionServices


def routers(
    database: Database,
    cursors: Cursors,
    public_url: str,
    *,
    wake_jobs: Callable[[], None],
    wake_subscriptions: Callable[[str], None],
    server_key: bytes,
    webhook_networks: Sequence[Network],
) -> list[Router]:
    """`wake_jobs` says that a job has been queued, `wake_subscriptions` that an account has something to deliver."""
    tokens = PageTokens(cursors)
    return [
        capture_routes.router(CaptureServices(database, tokens, public_url, wake_jobs, wake_subscriptions)),
        query_routes.router(QueryServices(database, tokens, public_url)),
        subscription_routes.router(
            SubscriptionServices(database, tokens, public_url, server_key, webhook_networks, wake_subscriptions)
        ),
    ]
