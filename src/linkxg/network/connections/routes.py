"""`/connections…` and `/connection-invitations/…`."""

from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from linkxg.audit.model import actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, ConnectionExists, InvalidState, SignUpDisabled, TemporarilyUnavailable
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, header, replay
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import public, scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.identity.accounts.invite_user import ACCEPTS
from linkxg.identity.sign_up.model import SignUpMode
from linkxg.network.connections.accept import accept_connection
from linkxg.network.connections.accept_by_link import accept_link_with_new_account
from linkxg.network.connections.confirm_gln import confirm_gln
from linkxg.network.connections.decline import decline_connection
from linkxg.network.connections.invite import INVITATIONS, invite_partner
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import (
    AcceptConnection,
    AcceptConnectionInvitation,
    ConfirmGln,
    ConnectionStatus,
    ConnectionView,
    Direction,
    EndConnection,
    InvitedConnection,
    InvitePartner,
    Relationship,
)
from linkxg.network.connections.read_connections import list_connections, read_connection
from linkxg.network.connections.revoke import revoke_connection

TAG = Tag("Connections", "Connections between companies: invited, accepted, and ended by either side at any time.")
PATH = "/api/v1/connections"
_LOCATION = header("Location", "The address of the invitation.")


@dataclass(frozen=True, slots=True)
class ConnectionServices:
    database: Database
    passwords: Passwords
    server_key: bytes = field(repr=False)
    mails: ConnectionMails
    cursors: Cursors
    public_url: str
    sign_up: SignUpMode


@post(
    "/connections",
    operation_id="inviteConnection",
    errors=(Conflict, ConnectionExists),
    response_headers=[_LOCATION, REPLAYED],
    **scope("connections:write", INVITATIONS),
)
async def invite(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    data: JSONBody[InvitePartner],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[InvitedConnection]]:
    """Invite a company to connect. The answer does not tell whether it is on the platform."""
    invited, replayed = await invite_partner(
        services.database,
        services.server_key,
        services.mails,
        services.public_url,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        data,
        idempotency_key,
    )
    headers = {"Location": f"{services.public_url}{PATH}/{invited.id}"} | replay(replayed)
    return Response(Success(data=invited), headers=headers)


@get("/connections", operation_id="listConnections", response_headers=[LINK], **scope("connections:read"))
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    status: FromQuery[ConnectionStatus | None] = None,
    relationship: FromQuery[Relationship | None] = None,
    direction: FromQuery[Direction | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[ConnectionView]]:
    """The account's connections and invitations, newest first."""
    account_id = account_id_of(request.scope)
    asked: dict[str, Any] = {"status": status, "relationship": relationship, "direction": direction}
    filters = {"list": "connections", "account": account_id, **asked}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_connections(services.database, account_id, before=before, limit=limit, **asked)
    following = services.cursors.seal([found[-1].id], filters) if more else None
    return page_response(found, following, services.public_url + PATH, limit=limit, **asked)


@get("/connections/{connection_id:str}", operation_id="readConnection", **scope("connections:read"))
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[ConnectionServices], connection_id: FromPath[str]
) -> Success[ConnectionView]:
    """One connection or invitation."""
    return Success(data=await read_connection(services.database, account_id_of(request.scope), connection_id))


@post(
    "/connections/{connection_id:str}/accept",
    operation_id="acceptConnection",
    errors=(ConnectionExists, InvalidState),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def accept(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    connection_id: FromPath[str],
    data: JSONBody[AcceptConnection | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ConnectionView]]:
    """Accept an invitation. Other invitations between the two accounts end."""
    outcome = await accept_connection(
        services.database,
        services.mails,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        connection_id,
        data.gln if data else None,
        idempotency_key,
    )
    return _response(outcome)


@post(
    "/connections/{connection_id:str}/decline",
    operation_id="declineConnection",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def decline(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    connection_id: FromPath[str],
    data: JSONBody[EndConnection | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ConnectionView]]:
    """Decline an invitation. The inviter sees the reason."""
    outcome = await decline_connection(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        connection_id,
        data.reason if data else None,
        idempotency_key,
    )
    return _response(outcome)


@post(
    "/connections/{connection_id:str}/revoke",
    operation_id="revokeConnection",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def revoke(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    connection_id: FromPath[str],
    data: JSONBody[EndConnection | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ConnectionView]]:
    """End a connection and all that both sides share, or withdraw an invitation."""
    outcome = await revoke_connection(
        services.database,
        services.mails,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        connection_id,
        data.reason if data else None,
        idempotency_key,
    )
    return _response(outcome)


@post(
    "/connections/{connection_id:str}/confirm-gln",
    operation_id="confirmConnectionGln",
    errors=(Conflict, InvalidState),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def confirm(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    connection_id: FromPath[str],
    data: JSONBody[ConfirmGln],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ConnectionView]]:
    """Confirm the GLN that a partner states: traceability and recalls know them by it."""
    outcome = await confirm_gln(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        connection_id,
        data.gln,
        idempotency_key,
    )
    return _response(outcome)


@post(
    "/connection-invitations/{token:str}/accept",
    operation_id="acceptConnectionInvitation",
    errors=(SignUpDisabled, Conflict, TemporarilyUnavailable),
    status_code=201,
    **public(ACCEPTS),
)
async def accept_by_link(
    request: Request[Any, Any, Any],
    services: NamedDependency[ConnectionServices],
    token: FromPath[str],
    data: JSONBody[AcceptConnectionInvitation],
) -> Success[ConnectionView]:
    """Create an account for the invited person and connect it to the inviter's. Works once."""
    context = context_of(request.scope)
    connected = await accept_link_with_new_account(
        services.database,
        services.passwords,
        services.mails,
        services.sign_up,
        actor_of(context),
        token=token,
        name=data.account_name,
        password=data.password,
        gln=data.gln,
    )
    return Success(data=connected)


def _response(outcome: IdempotentOutcome[ConnectionView]) -> Response[Success[ConnectionView]]:
    return Response(Success(data=outcome.value), headers=replay(outcome.replayed))


def router(services: ConnectionServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[invite, list_all, read, accept, decline, revoke, confirm, accept_by_link],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
