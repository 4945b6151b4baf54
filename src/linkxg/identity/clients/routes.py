"""`/oauth/clients`: Owners and Admins create, read, change, rotate and delete OAuth clients."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET

from linkxg.audit.model import actor_of
from linkxg.errors import AccessDenied, Conflict, InvalidRequest, InvalidScope
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.pagination import DEFAULT_LIMIT, Limit
from linkxg.http.permissions import RecentAuthentication, any_caller
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import described
from linkxg.identity.clients import certificates_endpoint
from linkxg.identity.clients.authentication_methods import METHODS, Method
from linkxg.identity.clients.change_client import ClientChange, change_client, delete_client
from linkxg.identity.clients.client_services import ADMINISTRATION, CHANGES, CLIENTS, ClientServices
from linkxg.identity.clients.model import (
    MAX_CIDRS,
    MAX_GRACE_S,
    MAX_NAME,
    ClientView,
    RegisteredClient,
    RotatedSecret,
    SecretView,
)
from linkxg.identity.clients.notify_owners import mail_client_created, mail_secret_rotated
from linkxg.identity.clients.read_client import list_clients, show_client
from linkxg.identity.clients.register_client import register_client
from linkxg.identity.clients.resource_identifier import MAX_RESOURCE
from linkxg.identity.clients.rotate_secret import ROTATIONS, extend_secret, remove_secret, rotate_secret

Name = Annotated[str, described(minLength=1, maxLength=MAX_NAME)]
Scope = Annotated[str, described(minLength=1, description="Separated by spaces.")]
Resource = Annotated[
    str,
    described(
        minLength=1,
        maxLength=MAX_RESOURCE,
        description="URL that identifies a service of yours: the audience of the tokens that are made for it.",
    ),
]
Ranges = Annotated[
    list[str], described(maxItems=MAX_CIDRS, description="Address ranges in CIDR notation; none means any address.")
]
Methods = Annotated[
    list[Method],
    described(
        minItems=1,
        maxItems=len(METHODS),
        description="How the client may authenticate. Taking one away revokes its live tokens.",
    ),
]
Expiry = Annotated[int, described(minimum=0)]
Grace = Annotated[
    int,
    described(minimum=0, maximum=MAX_GRACE_S, description="How long the old secret works alongside the new one."),
]
Revokes = Annotated[bool, described(description="Whether to revoke the live tokens of the client as well.")]
RevokesSecrets = Annotated[
    bool, described(description="Whether to revoke its secrets, if its methods use none from now on.")
]
BindsByKey = Annotated[
    bool, described(description="Whether the client gets only tokens bound to a key by DPoP (RFC 9449 §5.2).")
]
BindsByCertificate = Annotated[
    bool,
    described(description="Whether the client gets only tokens bound to one of its certificates (RFC 8705 §3.4)."),
]
_SETTINGS = {"client_name": "ERP Integration", "allowed_cidrs": ["203.0.113.0/24"], "self_rotation": True}


class RegisterClient(msgspec.Struct, forbid_unknown_fields=True):
    """`expires_at` in seconds since the epoch; 0 is never, absent the default of the account.

    Either `scope` for an ordinary client, or `resource` for a resource server, which gets no tokens of its own.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = _SETTINGS | {"scope": "products:read", "resource": UNSET}

    client_name: Name
    scope: Scope | None = None
    resource: Resource | None = None
    expires_at: Expiry | None = None
    allowed_cidrs: Ranges = []
    self_rotation: bool = True


class ChangeClient(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = _SETTINGS

    client_name: Name | None = None
    scope: Scope | None = None
    disabled: bool | None = None
    allowed_cidrs: Ranges | None = None
    self_rotation: bool | None = None
    token_endpoint_auth_methods: Methods | None = None
    dpop_bound_access_tokens: BindsByKey | None = None
    tls_client_certificate_bound_access_tokens: BindsByCertificate | None = None
    revoke_secrets: RevokesSecrets = False


class RotateSecret(msgspec.Struct, forbid_unknown_fields=True):
    """Without a body the old secret is revoked at once."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"grace_period_seconds": 86_400}

    grace_period_seconds: Grace = 0
    revoke_tokens: Revokes = False


class ExtendSecret(msgspec.Struct, forbid_unknown_fields=True):
    """When the overlap is to end, in seconds since the epoch."""

    expires_at: int


class ClientList(msgspec.Struct):
    """`next_cursor` is null on the last page."""

    clients: list[ClientView]
    next_cursor: str | None


@post(
    "/oauth/clients",
    operation_id="registerClient",
    errors=(InvalidScope, Conflict),
    response_headers=[REPLAYED],
    **CHANGES,
)
async def register(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    data: JSONBody[RegisterClient],
    idempotency_key: IdempotencyKey = None,
) -> Response[RegisteredClient]:
    """Create a client. The secret is shown only once."""
    if data.scope is None and data.resource is None:
        raise InvalidRequest("The field scope is missing; a resource server has resource instead.")
    actor = actor_of(context_of(request.scope))
    registered = await register_client(
        services.database,
        services.server_key,
        actor,
        account_id_of(request.scope),
        name=data.client_name,
        scope=data.scope or "",
        resource=data.resource,
        expires_at=data.expires_at,
        allowed_cidrs=data.allowed_cidrs,
        self_rotation=data.self_rotation,
        idempotency_key=idempotency_key,
    )
    if not registered.replayed:
        mail_client_created(services.notices, actor, account_id_of(request.scope), registered.value.client_id)
    return Response(registered.value, headers=replay(registered.replayed))


@get("/oauth/clients", operation_id="listClients", **ADMINISTRATION)
async def listing(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> ClientList:
    """The account's clients, oldest id first."""
    filters = {"list": "clients", "account": account_id_of(request.scope)}
    after = services.cursors.open(cursor, filters)[0] if cursor else ""
    found, last = await list_clients(services.database, account_id_of(request.scope), after=after, limit=limit)
    return ClientList(found, services.cursors.seal([last], filters) if last else None)


@get("/oauth/clients/{client_id:str}", operation_id="readClient", **ADMINISTRATION)
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[ClientServices], client_id: FromPath[str]
) -> ClientView:
    """One client, with the last use of each secret."""
    return await show_client(services.database, account_id_of(request.scope), client_id)


@patch("/oauth/clients/{client_id:str}", operation_id="changeClient", errors=(InvalidScope,), **CHANGES)
async def change(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    client_id: FromPath[str],
    data: JSONBody[ChangeClient],
) -> ClientView:
    """Rename, change scopes, address ranges or methods of authentication, disable.

    A change that takes rights away revokes live tokens. Secrets that no method uses any more are kept, and are listed
    in `secrets`: `revoke_secrets` ends them, and without it they work again as soon as a method allows them.
    """
    actor = actor_of(context_of(request.scope))
    changes = ClientChange(
        data.client_name, data.scope, data.disabled, data.allowed_cidrs, data.self_rotation,
        data.token_endpoint_auth_methods, data.dpop_bound_access_tokens,
        data.tls_client_certificate_bound_access_tokens, data.revoke_secrets,
    )  # fmt: skip
    account_id = account_id_of(request.scope)
    return await change_client(services.database, services.notices, actor, account_id, client_id, changes)


@delete("/oauth/clients/{client_id:str}", operation_id="deleteClient", **CHANGES)
async def remove(
    request: Request[Any, Any, Any], services: NamedDependency[ClientServices], client_id: FromPath[str]
) -> None:
    """Delete a client, with its secrets and tokens."""
    await delete_client(services.database, actor_of(context_of(request.scope)), account_id_of(request.scope), client_id)


@post(
    "/oauth/clients/{client_id:str}/rotate",
    operation_id="rotateSecret",
    errors=(AccessDenied, Conflict),
    status_code=200,
    response_headers=[REPLAYED],
    **CLIENTS,
    **any_caller(ROTATIONS, recent=RecentAuthentication.IF_REQUIRED),
)
async def rotate(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    client_id: FromPath[str],
    data: JSONBody[RotateSecret | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[RotatedSecret]:
    """Replace the secret. For an Owner, an Admin, or the client itself; the new secret is shown only once."""
    rotation = data or RotateSecret()
    actor = actor_of(context_of(request.scope))
    rotated, replayed = await rotate_secret(
        services.database,
        services.server_key,
        actor,
        account_id_of(request.scope),
        client_id,
        grace_period_seconds=rotation.grace_period_seconds,
        revoke_tokens=rotation.revoke_tokens,
        idempotency_key=idempotency_key,
    )
    if not replayed:
        mail_secret_rotated(services.notices, actor, account_id_of(request.scope), client_id)
    return Response(rotated, headers=replay(replayed))


@delete(
    "/oauth/clients/{client_id:str}/secrets/{secret_id:str}",
    operation_id="removeSecret",
    errors=(Conflict,),
    **CHANGES,
)
async def finish_overlap(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    client_id: FromPath[str],
    secret_id: FromPath[str],
) -> None:
    """End an overlap early, or revoke a secret that no method uses.

    The last live secret of a client that may authenticate by it cannot be removed.
    """
    actor = actor_of(context_of(request.scope))
    await remove_secret(services.database, actor, account_id_of(request.scope), client_id, secret_id)


@patch(
    "/oauth/clients/{client_id:str}/secrets/{secret_id:str}",
    operation_id="extendSecret",
    errors=(Conflict,),
    **CHANGES,
)
async def extend_overlap(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    client_id: FromPath[str],
    secret_id: FromPath[str],
    data: JSONBody[ExtendSecret],
) -> SecretView:
    """Change the end of an overlap, to at most 7 days from now."""
    actor = actor_of(context_of(request.scope))
    return await extend_secret(
        services.database, actor, account_id_of(request.scope), client_id, secret_id, expires_at=data.expires_at
    )


def router(services: ClientServices) -> Router:
    return Router(
        "/",
        route_handlers=[
            register,
            listing,
            read,
            change,
            remove,
            rotate,
            finish_overlap,
            extend_overlap,
            *certificates_endpoint.HANDLERS,
        ],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
