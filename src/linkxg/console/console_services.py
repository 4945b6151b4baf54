"""The services that the handlers of pages use."""

from collections.abc import Callable
from dataclasses import dataclass, field

from linkxg.catalog.products.publication import PublishHooks, StateHooks
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.http.pagination import Cursors
from linkxg.http.rate_limits import Limits
from linkxg.http.request_context import RawEndpoint
from linkxg.identity.accounts.email_change_mails import EmailChangeMails
from linkxg.identity.accounts.invitation_mails import InvitationMails
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.federation.addresses import Resolver
from linkxg.identity.federation.connect_provider import ProviderConnections
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.password_reset.request_reset import ResetMails
from linkxg.identity.sign_up.routes import SignUpServices
from linkxg.identity.single_sign_on.begin_sign_in import SingleSignOnServices
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.epcis.subscriptions.manage_subscriptions import SubscriptionServices
from linkxg.network.recalls.mails import RecallMails
from linkxg.network.shared_products.model import CountReads
from linkxg.network.traceability.read_graph import TraceReader


@dataclass(frozen=True)
class ConsoleServices:
    """The API's own services; `token_endpoint` answers real token requests without counting them as use."""

    database: Database
    passwords: Passwords
    server_key: bytes = field(repr=False)
    limits: Limits
    invitation_mails: InvitationMails
    reset_mails: ResetMails
    notices: SecurityNotices
    email_changes: EmailChangeMails
    connection_mails: ConnectionMails
    recall_mails: RecallMails
    subscriptions: SubscriptionServices
    sign_ups: SignUpServices
    cursors: Cursors
    token_endpoint: RawEndpoint
    public_url: str
    relying_party: RelyingParty
    limit_scale: float
    wake_imports: Callable[[], None]
    count_reads: CountReads
    trace_reader: TraceReader
    publish_hooks: PublishHooks
    state_hooks: StateHooks
    provider_connections: ProviderConnections
    resolver: Resolver
    single_sign_on: SingleSignOnServices

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service over TLS; only a loopback address may go without."""
        return self.public_url.startswith("https:")
