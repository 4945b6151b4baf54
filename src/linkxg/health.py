"""Health, readiness and metrics."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.db.migrations import OlderSchema, require_schema
from linkxg.errors import MissingToken, TemporarilyUnavailable
from linkxg.http.client_ip import is_loopback
from linkxg.http.metrics import Gauge, Metrics
from linkxg.http.permissions import public
from linkxg.http.plain_http import has_token, is_direct
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import Tag
from linkxg.identity.tokens.keys import KeyRing
from linkxg.runtime.background import BackgroundTask

HEALTH, READINESS, METRICS = "/healthz", "/readyz", "/metrics"
_TAG = Tag("Service", "Liveness and readiness.")


class Readiness(msgspec.Struct):
    """`failing` names background tasks of the worker that answers; requests are served meanwhile."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"failing": []}

    status: Literal["ready"]
    failing: list[str]


def routes(
    database: Database,
    keys: KeyRing,
    passwords: Passwords,
    metrics: Metrics,
    metrics_token: str,
    tasks: Sequence[BackgroundTask],
) -> Sequence[HTTPRouteHandler]:
    def failing() -> list[str]:
        return [task.name for task in tasks if task.fault is not None]

    metrics.gauges |= {
        "linkxg_password_queue": lambda: Gauge("Passwords being hashed or waiting.", passwords.pending),
        "linkxg_feed_lag_seconds": lambda: Gauge(
            "Seconds since the invalidation feed last heard from its database; of the slowest worker.",
            database.feed.lag(),
            "max",
        ),
        "linkxg_feed_changes": lambda: Gauge(
            "Changes applied since the start; of the worker with the most.", database.feed.generation, "max"
        ),
        "linkxg_background_failing": lambda: Gauge("Failing background tasks of all workers.", len(failing())),
    }

    @get(HEALTH, operation_id="health", tags=[_TAG], **public())
    async def health() -> dict[str, str]:
        """The process is alive. Does not query the database."""
        return {"status": "ok"}

    @get(READINESS, operation_id="readiness", errors=(TemporarilyUnavailable,), tags=[_TAG], **public())
    async def readiness() -> Readiness:
        """Ready to serve: database (writable), schema, invalidation feed and signing key are in order.

        Names the background tasks that are failing.
        """
        try:
            await database.read(require_schema)
        except OlderSchema as error:
            raise TemporarilyUnavailable(str(error)) from error
        database.feed.check()
        if fault := await database.storage_fault():
            raise TemporarilyUnavailable(fault)
        keys.signing()
        return Readiness("ready", failing())

    @get(METRICS, operation_id="metrics", tags=[_TAG], include_in_schema=False, **public())
    async def prometheus(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Prometheus metrics, for requests from this machine or with the metrics token."""
        context = context_of(request.scope)
        if not has_token(context.headers, metrics_token) and not _is_local(request):
            raise MissingToken(reason="metrics requested from another machine")
        return Response(await metrics.render(), media_type=metrics.media_type)

    return [health, readiness, prometheus]


def _is_local(request: Request[Any, Any, Any]) -> bool:
    context = context_of(request.scope)
    return is_loopback(context.source) and is_direct(context.headers, request.scope["http_version"])
