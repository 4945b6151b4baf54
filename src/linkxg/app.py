"""Composition root: settings → database → keys → verbs → routes → ASGI application.

One worker process builds one `Application`; `create_app` is what uvicorn imports in each.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from linkxg import __version__
from linkxg.api_docs import routes as reference_routes
from linkxg.catalog.identifiers import routes as identifier_routes
from linkxg.catalog.product_imports import routes as import_routes
from linkxg.catalog.products import routes as product_routes
from linkxg.catalog.products.read_endpoint import ReadEndpoint
from linkxg.catalog.products.search import routes as product_search_routes
from linkxg.catalog.products.versions import routes as version_routes
from linkxg.console import routes as console_routes
from linkxg.console.console_services import Services
from linkxg.console.error_pages import ErrorPages, wants_page
from linkxg.crypto.passwords import Passwords
from linkxg.db import open_database
from linkxg.db.errors import reason_of
from linkxg.db.migrations import require_schema
from linkxg.errors import InvalidRequest, NotFound, PayloadTooLarge, PublicError
from linkxg.health import HEALTH, METRICS, READINESS
from linkxg.health import routes as service_routes
from linkxg.http import logs, query_params
from linkxg.http.body_style import BodyStyle, oauth_groups, style_of
from linkxg.http.client_ip import ClientAddresses
from linkxg.http.edge import Edge, RawRoutes
from linkxg.http.error_responses import ErrorResponses, method_not_allowed
from linkxg.http.metrics import Metrics
from linkxg.http.pagination import Cursors
from linkxg.http.plain_http import PlainHttp
from linkxg.http.rate_budgets import Budgets
from linkxg.http.rate_limits import open_limits
from linkxg.http.request_context import context_of
from linkxg.http.strict_request import StrictRequest
from linkxg.identity.accounts import routes as account_routes
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.clients import routes as client_routes
from linkxg.identity.clients.client_verifier import ClientVerifier
from linkxg.identity.clients.notify_owners import OwnerNotices
from linkxg.identity.clients.usage import UncountedUsage, Usage
from linkxg.identity.oauth import introspection_endpoint, metadata_endpoint, revocation_endpoint, token_endpoint
from linkxg.identity.oauth.client_credentials_reader import ClientCredentialsReader
from linkxg.identity.oauth.introspection_endpoint import IntrospectionEndpoint
from linkxg.identity.oauth.revocation_endpoint import RevocationEndpoint
from linkxg.identity.oauth.token_endpoint import TokenEndpoint
from linkxg.identity.sessions import refresh_endpoint
from linkxg.identity.sessions import routes as session_routes
from linkxg.identity.sessions.refresh_endpoint import RefreshEndpoint
from linkxg.identity.tokens.guard import Guard
from linkxg.identity.tokens.key_sync import KeySync
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.mint import Minter
from linkxg.identity.tokens.revoke import Revocations
from linkxg.identity.tokens.verify import Verifier
from linkxg.job_kinds import KINDS, PROCESS
from linkxg.jobs.runner import JobRunner
from linkxg.jobs.uploads import routes as upload_routes
from linkxg.purge import Purger
from linkxg.runtime import garbage
from linkxg.runtime.data_dir_lock import lock_data_dir
from linkxg.runtime.frames import frames_of
from linkxg.settings import Settings, load

BASE = "/api/v1"
# The writer's thread gives the interpreter up at every statement, and would wait five milliseconds to get it back.
SWITCH_SECONDS = 0.0002


class _Router(Litestar):
    """Litestar with the one of its default plugins that is used here.

    Pydantic comes with typer, and the plugins for it would load a tenth of a worker's memory.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def create_app(metrics: Metrics | None = None, on_start_failed: Callable[[str], None] = lambda _: None) -> Edge:
    """The application of one worker, from its environment; what it counts goes to `metrics`.

    `on_start_failed` takes the reason when it cannot start up.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = load(os.environ)
    logs.configure(settings.log_level)
    # Before the keys are read: a restore that replaces them waits for nobody who has.
    lock_data_dir(settings.data_dir)
    return build(settings, metrics, on_start_failed)


def build(
    settings: Settings, metrics: Metrics | None = None, on_start_failed: Callable[[str], None] = lambda _: None
) -> Edge:
    """The application for `settings`; it connects when the server starts it up."""
    issuer = settings.public_url
    audience = issuer + BASE
    database = open_database(settings.database, settings.data_dir)
    keys = KeyRing(settings.data_dir)
    server_key = keys.server_key
    metrics = metrics or Metrics()
    database.on_wait = metrics.wait
    passwords = Passwords(settings.password_threads)
    limits = open_limits(settings.limits_url, settings.limit_scale)
    cursors = Cursors(server_key)
    minter = Minter(keys, issuer, audience)
    revocations = Revocations(database.feed)
    verifier = Verifier(keys, revocations, database.feed, issuer, audience)
    # After the verifier, which reads the file when it hears of a change: what the file has needs no look into the row.
    keeper = KeySync(database, settings.data_dir, keys)
    usage = Usage(database)
    housekeeping = Purger(database)
    imports = JobRunner(database, settings.database, settings.log_level, resources=KINDS.keys(), process=PROCESS)
    guard = Guard(verifier, usage.call, usage.refused_call, Budgets(limits, settings.limit_scale))
    authentication = ClientCredentialsReader(ClientVerifier(database), limits, usage)
    refusals = ErrorResponses(issuer, metadata_endpoint.RESOURCE_METADATA)
    mailer = Mailer(settings.smtp_url, settings.mail_from)
    notices = OwnerNotices(database, mailer)
    tasks = (*database.tasks, keeper.task, usage.task, housekeeping.task, imports.task, imports.orphans.task)

    answer_token_requests = TokenEndpoint(authentication, minter, limits, usage, metrics)
    page_services = Services(
        database=database,
        passwords=passwords,
        server_key=server_key,
        limits=limits,
        mailer=mailer,
        notices=notices,
        cursors=cursors,
        token_endpoint=TokenEndpoint(authentication, minter, limits, UncountedUsage(database, usage), metrics),
        public_url=issuer,
        limit_scale=settings.limit_scale,
        wake_imports=imports.wake,
    )
    error_pages = ErrorPages(refusals, page_services)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            # Before the feed is filled: what is committed in between is sent here.
            database.join_node()
            await database.open()
            await database.read(require_schema)
        except Exception as fault:
            reason = reason_of(fault)
            logs.log.error("start.failed", pid=os.getpid(), reason=reason)
            on_start_failed(reason)
            raise
        # Stopped in reverse order, each one even if another fails to.
        async with AsyncExitStack() as services:
            services.push(_log_stopped)
            services.push_async_callback(database.close)
            services.push_async_callback(limits.close)
            services.callback(passwords.close)
            keeper.task.start()
            services.push_async_callback(keeper.task.stop)
            usage.task.start()
            services.push_async_callback(usage.stop)
            services.push_async_callback(notices.stop)
            housekeeping.task.start()
            services.push_async_callback(housekeeping.task.stop)
            imports.orphans.task.start()
            services.push_async_callback(imports.orphans.task.stop)
            imports.task.start()
            services.push_async_callback(imports.stop)
            garbage.freeze()
            logs.log.info("started", url=issuer, pid=os.getpid(), engine=database.dialect, version=__version__)
            yield

    api = Router(
        BASE,
        route_handlers=[
            *client_routes.routes(database, server_key, cursors, notices),
            *session_routes.routes(database, passwords, server_key, minter, limits, metrics, settings.limit_scale),
            *account_routes.routes(database, passwords, server_key, mailer, cursors, issuer),
            *identifier_routes.routes(database),
            *product_search_routes.routes(database, cursors, issuer),
            *product_routes.routes(database, issuer),
            *version_routes.routes(database, cursors, issuer),
            *import_routes.routes(database, cursors, issuer, imports.wake),
            *upload_routes.routes(database, imports.wake, KINDS),
        ],
    )
    handlers: list[ControllerRouterHandler] = [
        api,
        *metadata_endpoint.routes(keys, issuer, audience),
        *service_routes(database, keys, passwords, metrics, settings.metrics_token, tasks),
    ]
    raw: RawRoutes = {
        token_endpoint.PATH: {"POST": answer_token_requests},
        introspection_endpoint.PATH: {"POST": IntrospectionEndpoint(authentication, verifier, issuer, audience)},
        revocation_endpoint.PATH: {"POST": RevocationEndpoint(authentication, verifier, database)},
        refresh_endpoint.PATH: {"POST": RefreshEndpoint(database, server_key, minter, limits, metrics)},
    }
    router = _Router(
        route_handlers=[
            *handlers,
            *reference_routes.routes(handlers, raw, issuer, __version__),
            *console_routes.routes(page_services, error_pages),
        ],
        guards=[guard],
        request_class=StrictRequest,
        request_max_body_size=None,
        exception_handlers={
            PublicError: partial(_refuse, refusals),
            HTTPException: partial(_refuse_framework, refusals, error_pages),
            Exception: partial(_refuse_unexpected, refusals),
        },
        # Litestar's own schema routes would catch every unknown path below theirs; `reference` serves the document.
        openapi_config=None,
        lifespan=[lifespan],
        logging_config=None,
    )
    return Edge(
        router,
        raw,
        {product_routes.PATH: ("product_id", ReadEndpoint(database, guard))},
        sources=ClientAddresses(settings.trusted_proxies),
        plain_http=PlainHttp((HEALTH, READINESS, METRICS), settings.metrics_token, settings.monitoring_networks),
        refusals=refusals,
        metrics=metrics,
        strict_transport=issuer.startswith("https:"),
        oauth_groups=oauth_groups(BASE, _declared_styles(router, raw)),
    )


def _log_stopped(_: type[BaseException] | None, fault: BaseException | None, __: TracebackType | None) -> bool:
    """The last line of a worker. A fault in stopping a service is logged, and ends here: everything else is closed."""
    if fault is not None:
        logs.log.error("stop.failed", fault=type(fault).__name__, frames=frames_of(fault))
    logs.log.info("stopped", pid=os.getpid())
    return isinstance(fault, Exception)


def _declared_styles(router: Litestar, raw: RawRoutes) -> Iterator[tuple[str, BodyStyle]]:
    for path, methods in raw.items():
        yield from ((path, endpoint.declares.style) for endpoint in methods.values())
    for route in router.routes:
        if isinstance(route, HTTPRoute):
            yield from ((route.path_format, style_of(handler.opt)) for handler in route.route_handlers)


def _refuse(refusals: ErrorResponses, request: Request[Any, Any, Any], error: PublicError) -> Response[bytes]:
    reply = refusals.reply(error, context_of(request.scope))
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    media_type = headers.pop("content-type")
    return Response(reply.body, status_code=reply.status, media_type=media_type, headers=headers)


def _refuse_framework(
    refusals: ErrorResponses, pages: ErrorPages, request: Request[Any, Any, Any], error: HTTPException
) -> Response[Any]:
    """The router's own refusals, in the catalogue's words; as a page for a browser that is not at the API."""
    if wants_page(context_of(request.scope), request.scope["path"]):
        return pages.refuse_framework(request, error)
    told: PublicError
    if isinstance(error, NotFoundException):
        told = NotFound()
    elif isinstance(error, MethodNotAllowedException):
        told = method_not_allowed(error)
    elif isinstance(error, ValidationException):
        fields = request.route_handler.parsed_fn_signature.parameters
        told = InvalidRequest(query_params.parameter_error(error, fields), reason="validation")
    elif error.status_code == PayloadTooLarge.status:
        told = PayloadTooLarge()
    elif error.status_code < 500:
        told = InvalidRequest(reason=type(error).__name__)
    else:
        return _refuse_unexpected(refusals, request, error)
    return _refuse(refusals, request, told)


def _refuse_unexpected(refusals: ErrorResponses, request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    reply = refusals.unexpected(fault, context_of(request.scope))
    return Response(reply.body, status_code=reply.status, media_type="application/json")
