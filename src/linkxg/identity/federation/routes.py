"""`/account/identity-provider` and `/account/domains`: single sign-on of the account. Owners only."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from linkxg.audit.model import Actor, actor_of
from linkxg.errors import Conflict, NotFound, TemporarilyUnavailable, ValidationFailed
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag, described
from linkxg.identity.accounts.roles import OWNERS, Role
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.federation.addresses import Resolver
from linkxg.identity.federation.connect_provider import (
    CONNECTS,
    ProviderConnections,
    WantedProvider,
    check_connection,
    connect_provider,
    disconnect_provider,
    read_provider,
)
from linkxg.identity.federation.discovery import MAX_ISSUER
from linkxg.identity.federation.model import (
    MAX_BREAK_GLASS,
    MAX_CLAIM,
    MAX_CLIENT_ID,
    MAX_CLIENT_SECRET,
    EmailDomainView,
    IdentityProviderView,
)
from linkxg.identity.federation.notices import (
    mail_domain_removed,
    mail_domain_verified,
    mail_provider_changed,
    mail_provider_disconnected,
)
from linkxg.identity.federation.verify_domain import (
    DOMAIN_CHECKS,
    check_domain,
    claim_domain,
    list_email_domains,
    remove_domain,
)

_TAG = Tag("Single sign-on", "The OpenID provider of the account, and the domains of its e-mail addresses.")


class ConnectProvider(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Without `clientSecret` the stored one is kept, unless issuer or client id change. Other members have defaults."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "issuer": "https://login.acme.example",
        "clientId": "linkxg",
        "clientSecret": "a secret that the provider has made",
        "defaultRole": "MEMBER",
        "roleClaim": "groups",
        "roleMapping": {"linkxg-admins": "ADMIN"},
        "ssoOnly": False,
        "breakGlassOwnerIds": [],
    }

    issuer: Annotated[str, described(format="uri", maxLength=MAX_ISSUER)]
    client_id: Annotated[str, described(minLength=1, maxLength=MAX_CLIENT_ID)]
    client_secret: Annotated[str, described(minLength=1, maxLength=MAX_CLIENT_SECRET)] | UnsetType = UNSET
    default_role: Role | None = None
    role_claim: Annotated[str, described(minLength=1, maxLength=MAX_CLAIM)] | None = None
    role_mapping: dict[str, Role] = {}
    owners_by_claim: bool = False
    sso_only: bool = False
    break_glass_owner_ids: Annotated[list[str], described(maxItems=MAX_BREAK_GLASS)] = []


class ProviderTest(msgspec.Struct, rename="camel"):
    """`problem` is null if the provider answers as it should."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"problem": None}

    problem: str | None


@dataclass(frozen=True, slots=True)
class FederationServices:
    connections: ProviderConnections
    resolver: Resolver
    notices: SecurityNotices


@get("/account/identity-provider", operation_id="readIdentityProvider", errors=(NotFound,), **roles(OWNERS))
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[FederationServices]
) -> Success[IdentityProviderView]:
    """The identity provider by which the people of the account sign in."""
    found = await read_provider(services.connections, account_id_of(request.scope))
    if found is None:
        raise NotFound
    return Success(data=found)


@put(
    "/account/identity-provider",
    operation_id="connectIdentityProvider",
    errors=(ValidationFailed, TemporarilyUnavailable),
    **roles(OWNERS, CONNECTS, recent=RecentAuthentication.ALWAYS),
)
async def connect(
    request: Request[Any, Any, Any],
    services: NamedDependency[FederationServices],
    data: JSONBody[ConnectProvider],
) -> Success[IdentityProviderView]:
    """Connect an OpenID provider, or change the connection.

    The provider is asked for its metadata and keys first, and whether it knows the client.
    """
    actor, account_id = _caller(request)
    wanted = WantedProvider(
        data.issuer,
        data.client_id,
        None if data.client_secret is UNSET else data.client_secret,
        data.default_role,
        data.role_claim,
        data.role_mapping,
        data.owners_by_claim,
        data.sso_only,
        data.break_glass_owner_ids,
    )
    connected = await connect_provider(services.connections, actor, account_id, wanted)
    mail_provider_changed(services.notices, actor, account_id, connected)
    return Success(data=connected.view)


@delete(
    "/account/identity-provider",
    operation_id="disconnectIdentityProvider",
    errors=(NotFound,),
    **roles(OWNERS, recent=RecentAuthentication.ALWAYS),
)
async def disconnect(request: Request[Any, Any, Any], services: NamedDependency[FederationServices]) -> None:
    """End the connection and its sessions. People without a password need a password link."""
    actor, account_id = _caller(request)
    await disconnect_provider(services.connections, actor, account_id)
    mail_provider_disconnected(services.notices, actor, account_id)


@post(
    "/account/identity-provider/test",
    operation_id="testIdentityProvider",
    status_code=200,
    errors=(NotFound, TemporarilyUnavailable),
    **roles(OWNERS, CONNECTS, recent=RecentAuthentication.IF_REQUIRED),
)
async def test(request: Request[Any, Any, Any], services: NamedDependency[FederationServices]) -> Success[ProviderTest]:
    """Ask the provider for metadata and keys again, and whether it knows the client."""
    actor, account_id = _caller(request)
    return Success(data=ProviderTest(await check_connection(services.connections, actor, account_id)))


@get("/account/domains", operation_id="listEmailDomains", **roles(OWNERS))
async def domains(
    request: Request[Any, Any, Any], services: NamedDependency[FederationServices]
) -> Success[list[EmailDomainView]]:
    """The domains of the account's e-mail addresses, verified or not."""
    return Success(data=await list_email_domains(services.connections.database, account_id_of(request.scope)))


@put(
    "/account/domains/{domain:str}",
    operation_id="claimEmailDomain",
    errors=(Conflict, ValidationFailed),
    **roles(OWNERS, recent=RecentAuthentication.IF_REQUIRED),
)
async def claim(
    request: Request[Any, Any, Any], services: NamedDependency[FederationServices], domain: FromPath[str]
) -> Success[EmailDomainView]:
    """Add a domain. The answer has the TXT record to publish before the domain is verified."""
    actor, account_id = _caller(request)
    return Success(data=await claim_domain(services.connections.database, actor, account_id, domain))


@post(
    "/account/domains/{domain:str}/verify",
    operation_id="verifyEmailDomain",
    status_code=200,
    errors=(NotFound, Conflict, ValidationFailed),
    **roles(OWNERS, DOMAIN_CHECKS, recent=RecentAuthentication.IF_REQUIRED),
)
async def verify(
    request: Request[Any, Any, Any], services: NamedDependency[FederationServices], domain: FromPath[str]
) -> Success[EmailDomainView]:
    """Look for the TXT record of a domain. A domain belongs to one account."""
    actor, account_id = _caller(request)
    found = await check_domain(services.connections.database, services.resolver, actor, account_id, domain)
    mail_domain_verified(services.notices, actor, account_id, found)
    return Success(data=found.view)


@delete(
    "/account/domains/{domain:str}",
    operation_id="removeEmailDomain",
    errors=(NotFound, ValidationFailed),
    **roles(OWNERS, recent=RecentAuthentication.IF_REQUIRED),
)
async def remove(
    request: Request[Any, Any, Any], services: NamedDependency[FederationServices], domain: FromPath[str]
) -> None:
    """Remove a domain. People who have signed in by the provider before still can."""
    actor, account_id = _caller(request)
    removed = await remove_domain(services.connections.database, actor, account_id, domain)
    mail_domain_removed(services.notices, actor, account_id, removed)


def _caller(request: Request[Any, Any, Any]) -> tuple[Actor, str]:
    return actor_of(context_of(request.scope)), account_id_of(request.scope)


def router(services: FederationServices) -> Router:
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[read, connect, disconnect, test, domains, claim, verify, remove],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
