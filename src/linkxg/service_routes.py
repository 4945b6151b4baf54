"""Health, readiness and metrics."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.db.migrations import OlderSchema, require_schema
from linkxg.errors import MissingToken, TemporarilyUnavailable
from linkxg.tokens.keys import KeyRing
from linkxg.web.exchange import exchange_of
from linkxg.web.metrics import Gauge, Metrics
from linkxg.web.permits import public
from linkxg.web.plain_http import has_token, is_direct
from linkxg.web.source import is_loopback

HEALTH, READINESS, METRICS = "/healthz", "/readyz", "/metrics"


def routes(
    database: Database, keys: KeyRing, passwords: Passwords, metrics: Metrics, metrics_token: str
) -> Sequence[HTTPRouteHandler]:
    metrics.gauges |= {
        "linkxg_password_queue": lambda: Gauge("Passwords being hashed or waiting.", passwords.pending),
        "linkxg_feed_lag_seconds": lambda: Gauge(
            "Since the change feed last heard its database; of the worst worker.", database.feed.lag(), "max"
        ),
        "linkxg_feed_changes": lambda: Gauge(
            "Changes applied since it started; by the worker with most.", database.feed.generation, "max"
        ),
    }

    @get(HEALTH, operation_id="health", tags=["Service"], **public())
    async def health() -> dict[str, str]:
        """The process answers. Does not touch the database."""
        return {"status": "ok"}

    @get(READINESS, operation_id="readiness", tags=["Service"], **public())
    async def readiness() -> dict[str, str]:
        """Ready to serve: database (writable), schema, revocation feed and signing key are all in order."""
        try:
            await database.read(require_schema)
        except OlderSchema as error:
            raise TemporarilyUnavailable(str(error)) from error
        database.feed.check()
        if fault := await database.storage_fault():
            raise TemporarilyUnavailable(fault)
        keys.signing()
        return {"status": "ready"}

    @get(METRICS, operation_id="metrics", tags=["Service"], include_in_schema=False, **public())
    async def prometheus(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Prometheus metrics; to this machine itself, or with the metrics token."""
        exchange = exchange_of(request.scope)
        if not has_token(exchange.headers, metrics_token) and not _is_local(request):
            raise MissingToken(reason="metrics asked from afar")
        return Response(await metrics.render(), media_type=metrics.media_type)

    return [health, readiness, prometheus]


def _is_local(request: Request[Any, Any, Any]) -> bool:
    exchange = exchange_of(request.scope)
    return is_loopback(exchange.source) and is_direct(exchange.headers, request.scope["http_version"])
