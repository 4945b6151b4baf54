"""Composition root: settings → database → keys → services → routes → ASGI application.

Each process that serves builds one with `create_app`.
"""

import os
import sys
from collections.abc import Callable

from litestar.types import ControllerRouterHandler

from linkxg import __version__
from linkxg.api_docs import routes as reference_routes
from linkxg.api_docs.routes import Reference
from linkxg.catalog.identifiers import routes as identifier_routes
from linkxg.catalog.product_imports import routes as import_routes
from linkxg.catalog.product_imports.routes import ImportServices
from linkxg.catalog.products import routes as product_routes
from linkxg.catalog.products.read_endpoint import ReadEndpoint
from linkxg.catalog.products.routes import ProductServices
from linkxg.catalog.products.search import routes as product_search_routes
from linkxg.catalog.products.versions import routes as version_routes
from linkxg.console import routes as console_routes
from linkxg.console.console_services import ConsoleServices
from linkxg.console.error_pages import ErrorPages
from linkxg.crypto.passwords import Passwords
from linkxg.db import open_database
from linkxg.health import HEALTH, METRICS, READINESS, HealthServices
from linkxg.health import router as health_router
from linkxg.http import logs
from linkxg.http.body_style import StyleGroups
from linkxg.http.client_ip import ClientAddresses
from linkxg.http.edge import Edge, FastRead
from linkxg.http.error_responses import ErrorResponses
from linkxg.http.exception_handlers import ExceptionHandlers
from linkxg.http.metrics import Metrics
from linkxg.http.pagination import Cursors
from linkxg.http.permissions import RecentAuthentication
from linkxg.http.plain_http import PlainHttp
from linkxg.http.rate_budgets import Budgets
from linkxg.http.rate_limits import open_limits
from linkxg.http.route_copies import LayerCopies
from linkxg.http.route_declaration import RawRoutes, declared_styles
from linkxg.http.slim_litestar import SlimLitestar
from linkxg.http.strict_request import StrictRequest
from linkxg.identity.accounts import email_change_endpoint
from linkxg.identity.accounts import routes as account_routes
from linkxg.identity.accounts.email_change_endpoint import EmailChangeServices
from linkxg.identity.accounts.email_change_mails import EmailChangeMails
from linkxg.identity.accounts.invitation_mails import InvitationMails
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import MailQueue
from linkxg.identity.accounts.routes import AccountServices
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.client_assertions import routes as client_assertion_routes
from linkxg.identity.client_assertions.routes import ClientAssertionServices
from linkxg.identity.clients import routes as client_routes
from linkxg.identity.clients.client_services import ClientServices
from linkxg.identity.clients.usage import UsageRecorder
from linkxg.identity.factors import routes as factor_routes
from linkxg.identity.factors.factor_services import FactorServices
from linkxg.identity.factors.step_up import require_recent
from linkxg.identity.federation import routes as federation_routes
from linkxg.identity.federation.addresses import Resolver
from linkxg.identity.federation.connect_provider import ProviderConnections
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.federation.providers import Providers
from linkxg.identity.federation.routes import FederationServices
from linkxg.identity.oauth import metadata_endpoint
from linkxg.identity.oauth.routes import OAuthEndpoints
from linkxg.identity.passkey_registration import routes as passkey_registration_routes
from linkxg.identity.passkey_registration.registration_services import RegistrationServices
from linkxg.identity.passkeys import routes as passkey_routes
from linkxg.identity.passkeys.relying_party import relying_party
from linkxg.identity.passkeys.routes import PasskeyServices
from linkxg.identity.password_reset import routes as password_reset_routes
from linkxg.identity.password_reset.request_reset import ResetMails
from linkxg.identity.password_reset.routes import PasswordResetServices
from linkxg.identity.scim import routes as scim_routes
from linkxg.identity.scim import tokens_endpoint as scim_tokens
from linkxg.identity.scim.guard import ScimGuard
from linkxg.identity.scim.routes import ScimServices
from linkxg.identity.scim.tokens_endpoint import ScimTokenServices
from linkxg.identity.sender_constraint.check_sender import sender_constraint
from linkxg.identity.sessions import profile_endpoint, refresh_endpoint
from linkxg.identity.sessions import routes as session_routes
from linkxg.identity.sessions.profile_endpoint import ProfileServices
from linkxg.identity.sessions.refresh_endpoint import RefreshEndpoint
from linkxg.identity.sessions.routes import SessionServices
from linkxg.identity.sessions.sign_in_endpoint import ApiSessions
from linkxg.identity.sign_up import routes as sign_up_routes
from linkxg.identity.sign_up.mails import SignUpMails
from linkxg.identity.sign_up.model import SignUpMode
from linkxg.identity.sign_up.routes import SignUpServices
from linkxg.identity.single_sign_on import routes as sign_on_routes
from linkxg.identity.single_sign_on.begin_sign_in import SingleSignOnServices
from linkxg.identity.single_sign_on.end_federated_sessions import end_disallowed_sessions
from linkxg.identity.tokens.guard import Guard
from linkxg.identity.tokens.key_sync import KeySync
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.mint import Minter
from linkxg.identity.tokens.model import Principal
from linkxg.identity.tokens.revoke import Revocations
from linkxg.identity.tokens.verify import Verifier
from linkxg.job_kinds import KINDS, PROCESS
from linkxg.jobs.runner import JobRunner
from linkxg.jobs.uploads import routes as upload_routes
from linkxg.jobs.uploads.routes import UploadServices
from linkxg.lifespan import running
from linkxg.network.access_log import routes as access_log_routes
from linkxg.network.access_log.count_reads import AccessLog
from linkxg.network.access_log.routes import AccessLogServices
from linkxg.network.connections import routes as connection_routes
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.routes import ConnectionServices
from linkxg.network.epcis import routes as epcis_routes
from linkxg.network.epcis.subscriptions.deliverer import SubscriptionDeliverer
from linkxg.network.epcis.subscriptions.mails import SubscriptionMails
from linkxg.network.feed import routes as feed_routes
from linkxg.network.feed.feed_waits import FeedWaits
from linkxg.network.feed.routes import FeedServices
from linkxg.network.passports.routes import PassportRouters
from linkxg.network.recalls import routes as recall_routes
from linkxg.network.recalls.mails import RecallMails
from linkxg.network.recalls.routes import RecallServices
from linkxg.network.requests import routes as request_routes
from linkxg.network.requests.routes import RequestServices
from linkxg.network.shared_products import routes as shared_routes
from linkxg.network.shared_products.routes import SharedServices
from linkxg.network.shares import routes as share_routes
from linkxg.network.shares.routes import ShareServices
from linkxg.network.traceability import routes as traceability_routes
from linkxg.publish_hooks import PUBLISH_HOOKS, STATE_HOOKS
from linkxg.purge import Purger
from linkxg.runtime.data_dir_lock import lock_data_dir
from linkxg.secret_scanning import routes as scanning_routes
from linkxg.secret_scanning.routes import ScanningServices
from linkxg.secret_scanning.scanners import Scanners
from linkxg.settings import Settings, load

BASE = "/api/v1"
# The writer's thread gives the interpreter up at every statement, and would wait five milliseconds to get it back.
SWITCH_SECONDS = 0.0002


def create_app(metrics: Metrics | None = None, on_start_failed: Callable[[str], None] = lambda _: None) -> Edge:
    """The application of one worker, from its environment; what it counts goes to `metrics`.

    `on_start_failed` takes the reason when it cannot start up.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = load(os.environ)
    logs.configure(settings.log_level)
    # Before the keys are read: a restore replaces them only while no process holds this lock.
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
    scale = settings.limit_scale
    limits = open_limits(settings.limits_url, scale)
    cursors = Cursors(server_key)
    minter = Minter(keys, issuer, audience)
    revocations = Revocations(database.feed)
    verifier = Verifier(keys, revocations, database.feed, issuer, audience)
    # After the verifier: its subscriber reads the key file first, so keys that are in the file cost no query.
    key_sync = KeySync(database, settings.data_dir, keys)
    usage = UsageRecorder(database)
    purger = Purger(database)
    deliverer = SubscriptionDeliverer(database, server_key, settings.dns_server, settings.webhook_networks)
    job_runner = JobRunner(database, settings.database, settings.log_level, resources=KINDS.keys(), process=PROCESS)
    job_runner.on_progress = deliverer.wake
    feed_waits, access_log = FeedWaits(database), AccessLog(database)
    traceability = traceability_routes.traceability_services(database, server_key, access_log.count, cursors, issuer)

    async def require_recent_authentication(principal: Principal, recent: RecentAuthentication) -> None:
        await require_recent(database, principal, recent)

    addresses = ClientAddresses(settings.trusted_proxies)
    mutual_tls_url = settings.mutual_tls_url
    resolver = Resolver(settings.dns_server, reads_hosts=bool(settings.provider_networks))
    provider_client = ProviderClient(resolver, settings.provider_networks)
    senders = sender_constraint(database, server_key, (issuer, mutual_tls_url), settings.client_cert_header, addresses)
    guard = Guard(
        verifier, usage.record_call, usage.record_rejected_call, Budgets(limits, scale), require_recent_authentication,
        senders,
    )  # fmt: skip
    oauth = OAuthEndpoints(
        database, keys, minter, verifier, limits, usage, metrics, issuer, audience, provider_client, senders,
        mutual_tls_url,
    )  # fmt: skip
    error_responses = ErrorResponses(issuer, metadata_endpoint.RESOURCE_METADATA)
    mailer = Mailer(settings.smtp_url, settings.mail_from)
    mails = MailQueue(mailer)
    invitation_mails = InvitationMails(mailer, limits, issuer)
    notices = SecurityNotices(database, mails, limits, issuer)
    api_sessions = ApiSessions(server_key, minter, metrics, notices)
    email_changes = EmailChangeMails(database, mails, notices, limits, issuer)
    reset_mails = ResetMails(database, mails, limits, issuer)
    sign_up_mode = SignUpMode(settings.sign_up)
    sign_up_mails = SignUpMails(database, mails, issuer)
    sign_ups = SignUpServices(database, passwords, sign_up_mails, sign_up_mode, scale)
    connection_mails = ConnectionMails(database, mails, limits, issuer, sign_up_mode)
    recall_mails = RecallMails(database, mails, limits, issuer)
    deliverer.on_stopped = SubscriptionMails(database, mails, limits, issuer).stopped
    party = relying_party(issuer)
    providers = Providers(provider_client)
    scanners = Scanners(settings.secret_scanners, provider_client)
    provider_connections = ProviderConnections(database, providers, server_key, issuer, end_disallowed_sessions)
    single_sign_on = SingleSignOnServices(database, providers, server_key, issuer, notices)
    tasks = (
        key_sync.task, usage.task, purger.task, job_runner.orphans.task, job_runner.task, feed_waits.task,
        access_log.task, deliverer.task, oauth.waiting,
    )  # fmt: skip

    console_services = ConsoleServices(
        database=database,
        passwords=passwords,
        server_key=server_key,
        limits=limits,
        invitation_mails=invitation_mails,
        reset_mails=reset_mails,
        notices=notices,
        email_changes=email_changes,
        connection_mails=connection_mails,
        recall_mails=recall_mails,
        subscriptions=epcis_routes.subscription_services(database, cursors, issuer, server_key, deliverer, notices),
        sign_ups=sign_ups,
        cursors=cursors,
        token_endpoint=oauth.console_token_endpoint,
        public_url=issuer,
        relying_party=party,
        limit_scale=scale,
        wake_imports=job_runner.wake,
        count_reads=access_log.count,
        trace_reader=traceability.reader,
        publish_hooks=PUBLISH_HOOKS,
        state_hooks=STATE_HOOKS,
        provider_connections=provider_connections,
        resolver=resolver,
        single_sign_on=single_sign_on,
    )
    error_pages = ErrorPages(error_responses, console_services)

    async def close_passwords() -> None:
        passwords.close()

    # Stopped in reverse order.
    stops = (
        limits.close, provider_client.close, close_passwords, key_sync.task.stop, usage.stop, mails.stop,
        purger.task.stop, job_runner.orphans.task.stop, job_runner.stop, feed_waits.task.stop, access_log.stop,
        deliverer.stop, oauth.waiting.stop,
    )  # fmt: skip
    passports = PassportRouters(database, cursors, issuer, server_key, error_responses, access_log.count)
    product_services = ProductServices(database, cursors, issuer, PUBLISH_HOOKS, STATE_HOOKS, passports.find_reference)
    api = LayerCopies(
        BASE,
        route_handlers=[
            client_routes.router(ClientServices(database, server_key, cursors, notices)),
            client_assertion_routes.router(ClientAssertionServices(database, notices, provider_client, issuer)),
            session_routes.router(SessionServices(database, passwords, limits, notices, scale)),
            factor_routes.router(
                FactorServices(database, passwords, server_key, api_sessions, limits, notices, party, scale)
            ),
            password_reset_routes.router(
                PasswordResetServices(database, passwords, server_key, reset_mails, notices, issuer, scale)
            ),
            passkey_routes.router(PasskeyServices(database, party, api_sessions)),
            passkey_registration_routes.router(RegistrationServices(database, party, notices, api_sessions, scale)),
            profile_endpoint.router(ProfileServices(database, passwords, limits, email_changes, scale)),
            account_routes.router(
                AccountServices(database, passwords, server_key, invitation_mails, notices, cursors, issuer)
            ),
            email_change_endpoint.router(EmailChangeServices(database, email_changes)),
            sign_up_routes.router(sign_ups),
            scim_tokens.router(ScimTokenServices(database, server_key, issuer, notices)),
            federation_routes.router(FederationServices(provider_connections, resolver, notices)),
            identifier_routes.router(database),
            product_search_routes.router(product_services),
            product_routes.router(product_services),
            version_routes.router(product_services),
            connection_routes.router(
                ConnectionServices(database, passwords, server_key, connection_mails, cursors, issuer, sign_up_mode)
            ),
            import_routes.router(ImportServices(database, cursors, issuer, job_runner.wake)),
            upload_routes.router(UploadServices(database, job_runner.wake, KINDS)),
            *epcis_routes.routers(database, cursors, issuer, server_key, job_runner.wake, deliverer, notices),
            feed_routes.router(FeedServices(database, cursors, feed_waits)),
            share_routes.router(ShareServices(database, cursors, issuer)),
            shared_routes.router(SharedServices(database, cursors, issuer, access_log.count)),
            request_routes.router(RequestServices(database, cursors, issuer)),
            access_log_routes.router(AccessLogServices(database, cursors, issuer)),
            *passports.of_api,
            scanning_routes.router(ScanningServices(database, server_key, notices, scanners)),
            traceability_routes.router(traceability),
            recall_routes.router(RecallServices(database, traceability.reader, recall_mails, cursors, issuer)),
        ],
    )
    handlers: list[ControllerRouterHandler] = [
        api,
        scim_routes.router(ScimServices(database, issuer, notices), ScimGuard(database, limits)),
        sign_on_routes.router(single_sign_on),
        *passports.public,
        *oauth.routers,
        health_router(
            HealthServices(database, keys, passwords, metrics, settings.metrics_token, (*database.tasks, *tasks))
        ),
    ]
    raw: RawRoutes = {
        **oauth.raw,
        refresh_endpoint.PATH: {"POST": RefreshEndpoint(database, server_key, minter, limits, metrics)},
    }
    router = SlimLitestar(
        route_handlers=[
            *handlers,
            reference_routes.router(Reference(handlers, raw, issuer, __version__)),
            *console_routes.routes(console_services, error_pages),
        ],
        guards=[guard],
        request_class=StrictRequest,
        request_max_body_size=None,
        exception_handlers=ExceptionHandlers(error_responses, error_pages.answer).as_map(),
        # Litestar's own schema routes would catch every unknown path below theirs; `reference` serves the document.
        openapi_config=None,
        lifespan=[lambda _: running(database, tasks, stops, issuer, on_start_failed)],
        logging_config=None,
    )
    return Edge(
        router,
        raw,
        [(product_routes.PATH, FastRead("product_id", ReadEndpoint(database, guard))), *passports.reads(guard)],
        sources=addresses,
        plain_http=PlainHttp((HEALTH, READINESS, METRICS), settings.metrics_token, settings.monitoring_networks),
        error_responses=error_responses,
        metrics=metrics,
        strict_transport=issuer.startswith("https:"),
        groups=StyleGroups.of(BASE, declared_styles(router, raw)),
        cross_origin=passports.cross_origin,
    )
