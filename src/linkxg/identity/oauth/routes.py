"""The OAuth endpoints of a worker, built from its services."""

from litestar import Router

from linkxg.db import Database
from linkxg.http.metrics import Metrics
from linkxg.http.rate_limits import Limits
from linkxg.http.route_declaration import RawRoutes
from linkxg.identity.client_assertions.issuer_keys import IssuerKeys
from linkxg.identity.client_assertions.verify_assertion import AssertionVerifier
from linkxg.identity.clients.client_verifier import ClientVerifier
from linkxg.identity.clients.resource_servers import ResourceServers
from linkxg.identity.clients.usage import RejectionRecorder, UsageRecorder
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.oauth import (
    introspection_endpoint,
    metadata_endpoint,
    revocation_endpoint,
    revocation_feed_endpoint,
    token_endpoint,
)
from linkxg.identity.oauth.client_assertion_reader import ClientAssertionReader
from linkxg.identity.oauth.client_credentials_reader import ClientCredentialsReader
from linkxg.identity.oauth.introspection_endpoint import IntrospectionEndpoint
from linkxg.identity.oauth.metadata_endpoint import DiscoveryServices
from linkxg.identity.oauth.revocation_endpoint import RevocationEndpoint
from linkxg.identity.oauth.revocation_feed_endpoint import RevocationFeedServices
from linkxg.identity.oauth.revocation_waits import RevocationWaits
from linkxg.identity.oauth.token_endpoint import TokenEndpoint
from linkxg.identity.sender_constraint.check_sender import SenderConstraint
from linkxg.identity.tokens.account_revocations import AccountRevocations
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.mint import Minter
from linkxg.identity.tokens.verify import Verifier


class OAuthEndpoints:
    """`raw` is answered before the router. To be built after the verifier, which reads changed keys first."""

    def __init__(
        self,
        database: Database,
        keys: KeyRing,
        minter: Minter,
        verifier: Verifier,
        limits: Limits,
        usage: UsageRecorder,
        metrics: Metrics,
        issuer: str,
        audience: str,
        provider_client: ProviderClient,
        senders: SenderConstraint,
        mutual_tls_url: str = "",
    ) -> None:
        clients = ClientVerifier(database)
        assertions = AssertionVerifier(database, IssuerKeys(provider_client), issuer)
        credentials = ClientCredentialsReader(
            clients,
            limits,
            usage,
            ClientAssertionReader(clients, assertions, limits, usage),
            senders.certificates,
            mutual_tls_url,
        )
        resource_servers = ResourceServers(database, audience)
        waits = RevocationWaits(database.feed, keys)
        revocations = AccountRevocations(database.feed, waits.wake)
        self.waiting = waits.task
        self.console_token_endpoint = TokenEndpoint(
            credentials, minter, resource_servers, limits, RejectionRecorder(database, usage), metrics, senders
        )
        self.raw: RawRoutes = {
            token_endpoint.PATH: {
                "POST": TokenEndpoint(credentials, minter, resource_servers, limits, usage, metrics, senders)
            },
            introspection_endpoint.PATH: {"POST": IntrospectionEndpoint(credentials, verifier, issuer, audience)},
            revocation_endpoint.PATH: {"POST": RevocationEndpoint(credentials, verifier, database)},
        }
        self.routers: tuple[Router, ...] = (
            revocation_feed_endpoint.router(
                RevocationFeedServices(credentials, revocations, waits, keys, database, limits, issuer)
            ),
            metadata_endpoint.router(
                DiscoveryServices(keys, issuer, audience, senders.certificates.is_enabled, mutual_tls_url)
            ),
        )
