"""`/auth/password-reset…`: a forgotten password; and a link for a member, by an Owner or Admin."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import Conflict, NotFound, TemporarilyUnavailable, ValidationFailed
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, public, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.model import MAX_EMAIL
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.password_reset.complete_reset import COMPLETIONS, complete_reset
from linkxg.identity.password_reset.create_link import PASSWORD_LINKS, create_link
from linkxg.identity.password_reset.model import PasswordLink
from linkxg.identity.password_reset.request_reset import SOURCE_REQUESTS, ResetMails
from linkxg.identity.sessions.token_response import PEOPLE


class RequestReset(msgspec.Struct, forbid_unknown_fields=True):
    email: Annotated[str, described(format="email", maxLength=MAX_EMAIL)]


class CompleteReset(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"token": "lxgrst_...", "newPassword": "quiet river under the bridge"}

    token: str
    new_password: Annotated[str, described(minLength=MINIMUM)]


@dataclass(frozen=True, slots=True)
class PasswordResetServices:
    database: Database
    passwords: Passwords
    server_key: bytes = field(repr=False)
    reset_mails: ResetMails
    notices: SecurityNotices
    public_url: str
    limit_scale: float


@post(
    "/auth/password-reset",
    operation_id="requestPasswordReset",
    status_code=200,
    **PEOPLE,
    **public(SOURCE_REQUESTS),
)
async def request_reset(
    request: Request[Any, Any, Any], services: NamedDependency[PasswordResetServices], data: JSONBody[RequestReset]
) -> Success[None]:
    """Mail a link for a new password, which works once, within 30 minutes.

    The answer is the same for every address, whether anybody has it or not.
    """
    await services.reset_mails.request(actor_of(context_of(request.scope)), data.email)
    return Success(data=None)


@post(
    "/auth/password-reset/complete",
    operation_id="completePasswordReset",
    errors=(NotFound, ValidationFailed, TemporarilyUnavailable),
    status_code=200,
    **PEOPLE,
    **public(COMPLETIONS),
)
async def complete(
    request: Request[Any, Any, Any], services: NamedDependency[PasswordResetServices], data: JSONBody[CompleteReset]
) -> Success[None]:
    """Change the password by the token of a link. Every session of the person ends; nobody is signed in."""
    await complete_reset(
        services.database,
        services.passwords,
        services.notices,
        actor_of(context_of(request.scope)),
        token=data.token,
        password=data.new_password,
        limit_scale=services.limit_scale,
    )
    return Success(data=None)


@post(
    "/account/users/{user_id:str}/password-reset",
    operation_id="createPasswordLink",
    errors=(Conflict,),
    response_headers=[REPLAYED],
    tags=["Account"],
    **roles(ADMINISTRATORS, PASSWORD_LINKS, recent=RecentAuthentication.IF_REQUIRED),
)
async def make_link(
    request: Request[Any, Any, Any],
    services: NamedDependency[PasswordResetServices],
    user_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PasswordLink]]:
    """Make a link with which a member chooses a new password; it works once, within 30 minutes.

    It is returned here only. Only an Owner makes one for an Owner, and nobody for themselves. The person is told by
    mail.
    """
    made = await create_link(
        services.database,
        services.server_key,
        services.notices,
        services.public_url,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        user_id,
        idempotency_key,
    )
    return Response(Success(data=made.value), headers=replay(made.replayed))


def router(services: PasswordResetServices) -> Router:
    return Router(
        "/",
        route_handlers=[request_reset, complete, make_link],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
