"""`/auth/…`: sign-out, the caller, their sessions and password."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import InvalidCredentials, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.pagination import Success
from linkxg.http.permissions import roles
from linkxg.http.rate_limits import Limits
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.sessions.change_password import change_password
from linkxg.identity.sessions.end_sessions import end_own_session, list_own_sessions, logout
from linkxg.identity.sessions.model import SessionView
from linkxg.identity.sessions.password_size import check_password_size
from linkxg.identity.sessions.sign_in_notices import mail_password_changed
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.sessions.whoami import Me, who_am_i
from linkxg.identity.tokens.guard import principal_of

_FOR_EVERYBODY = PEOPLE | roles(EVERYONE)


class ChangePassword(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "currentPassword": "correct horse battery staple",
        "newPassword": "quiet river under the bridge",
    }

    current_password: str
    new_password: Annotated[str, described(minLength=MINIMUM)]


@dataclass(frozen=True, slots=True)
class SessionServices:
    database: Database
    passwords: Passwords
    limits: Limits
    notices: SecurityNotices
    limit_scale: float


@post("/auth/logout", operation_id="logout", status_code=200, **_FOR_EVERYBODY)
async def sign_out(request: Request[Any, Any, Any], services: NamedDependency[SessionServices]) -> Success[None]:
    """End this session; its access and refresh tokens are invalid once this answers."""
    context = context_of(request.scope)
    caller = principal_of(context_of(request.scope))
    await logout(services.database, actor_of(context), caller.account_id, caller.session_id or "")
    return Success(data=None)


@get("/auth/me", operation_id="me", **_FOR_EVERYBODY)
async def me(request: Request[Any, Any, Any], services: NamedDependency[SessionServices]) -> Success[Me]:
    """The caller: person, role, account, scopes."""
    caller = principal_of(context_of(request.scope))
    return Success(data=await who_am_i(services.database, caller.account_id, caller.id))


@get("/auth/sessions", operation_id="listSessions", **_FOR_EVERYBODY)
async def sessions(
    request: Request[Any, Any, Any], services: NamedDependency[SessionServices]
) -> Success[list[SessionView]]:
    """The caller's live sessions, newest first."""
    caller = principal_of(context_of(request.scope))
    found = await list_own_sessions(services.database, caller.account_id, caller.id, caller.session_id)
    return Success(data=found)


@delete("/auth/sessions/{session_id:str}", operation_id="endSession", **_FOR_EVERYBODY)
async def end_session(
    request: Request[Any, Any, Any], services: NamedDependency[SessionServices], session_id: FromPath[str]
) -> None:
    """End one of the caller's sessions."""
    caller = principal_of(context_of(request.scope))
    actor = actor_of(context_of(request.scope))
    await end_own_session(services.database, actor, caller.account_id, caller.id, session_id)


@post(
    "/auth/password",
    operation_id="changePassword",
    errors=(InvalidCredentials, ValidationFailed),
    status_code=200,
    **_FOR_EVERYBODY,
)
async def password(
    request: Request[Any, Any, Any], services: NamedDependency[SessionServices], data: JSONBody[ChangePassword]
) -> Success[None]:
    """Change the password; every other session of the person ends."""
    caller = principal_of(context_of(request.scope))
    context = context_of(request.scope)
    await services.limits.spend(SOURCE_LOGINS, source_key(context.source))
    check_password_size(data.current_password)
    actor = actor_of(context)
    await change_password(
        services.database,
        services.passwords,
        actor,
        account_id=caller.account_id,
        user_id=caller.id,
        session_id=caller.session_id,
        current=data.current_password,
        new=data.new_password,
        limit_scale=services.limit_scale,
    )
    mail_password_changed(services.notices, actor, caller.account_id, caller.id)
    return Success(data=None)


def router(services: SessionServices) -> Router:
    return Router(
        "/",
        route_handlers=[sign_out, me, sessions, end_session, password],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
