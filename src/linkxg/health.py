"""Health, readiness and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide

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


@dataclass(frozen=True, slots=True)
class HealthServices:
    """`tasks` are the background tasks of this worker."""

    database: Database
    keys: KeyRing
    passwords: Passwords
    metrics: Metrics
    metrics_token: str
    tasks: Sequence[BackgroundTask]

    def failing(self) -> list[str]:
        return [task.name for task in self.tasks if task.fault is not None]

    def register_gauges(self) -> None:
        feed = self.database.feed
        self.metrics.gauges |= {
            "linkxg_password_queue": lambda: Gauge("Passwords being hashed or waiting.", self.passwords.pending),
            "linkxg_feed_lag_seconds": lambda: Gauge(
                "Seconds since the invalidation feed last heard from its database; of the slowest worker.",
                feed.lag(),
                "max",
            ),
            "linkxg_feed_changes": lambda: Gauge(
                "Changes applied since the start; of the worker with the most.", feed.generation, "max"
            ),
            "linkxg_background_failing": lambda: Gauge("Failing background tasks of all workers.", len(self.failing())),
        }


@get(HEALTH, operation_id="health", **public(ignores_query=True))
async def health() -> dict[str, str]:
    """The process is alive. Does not query the database."""
    return {"status": "ok"}


@get(READINESS, operation_id="readiness", errors=(TemporarilyUnavailable,), **public(ignores_query=True))
async def readiness(services: NamedDependency[HealthServices]) -> Readiness:
    """Ready to serve: database (writable), schema, invalidation feed and signing key are in order.

    Names the background tasks that are failing.
    """
    database = services.database
    try:
        await database.read(require_schema)
    except OlderSchema as error:
        raise TemporarilyUnavailable(str(error)) from error
    database.feed.check()
    if fault := await database.storage_fault():
        raise TemporarilyUnavailable(fault)
    services.keys.signing()
    return Readiness("ready", services.failing())


@get(METRICS, operation_id="metrics", include_in_schema=False, **public(ignores_query=True))
async def prometheus(request: Request[Any, Any, Any], services: NamedDependency[HealthServices]) -> Response[bytes]:
    """Prometheus metrics, for requests from this machine or with the metrics token."""
    context = context_of(request.scope)
    is_local = is_loopback(context.source) and is_direct(context.headers, request.scope["http_version"])
    if not has_token(context.headers, services.metrics_token) and not is_local:
        raise MissingToken(reason="metrics requested from another machine")
    return Response(await services.metrics.render(), media_type=services.metrics.media_type)


def router(services: HealthServices) -> Router:
    services.register_gauges()
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[health, readiness, prometheus],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
