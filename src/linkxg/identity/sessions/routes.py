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
from linkxg.errors import InvalidCredentials, InvalidRequest, ValidationFailed
from linkxg.http.body_style import BodyStyle
from linkxg.http.client_ip import source_key
from linkxg.http.pagination import Success
from linkxg.http.permissions import roles
from linkxg.http.rate_limits import Limits
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.change_password import change_password
from linkxg.identity.sessions.end_sessions import end_own_session, list_own_sessions, logout
from linkxg.identity.sessions.login import MAX_PASSWORD_BYTES
from linkxg.identity.sessions.model import SessionView
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.sessions.whoami import Me, who_am_i
from linkxg.identity.tokens.model import Principal

_PEOPLE: dict[str, Any] = {"tags": [PEOPLE], "style": BodyStyle.SIGN_IN}
_FOR_EVERYBODY = _PEOPLE | roles(EVERYONE)


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
    limit_scale: float


@post("/auth/logout", operation_id="logout", status_code=200, **_FOR_EVERYBODY)
async def sign_out(request: Request[Any, Any, Any], services: NamedDependency[SessionServices]) -> Success[None]:
    """End this session; its access and refresh tokens are invalid once this answers."""
    context = context_of(request.scope)
    caller = _person(request)
    await logout(services.database, actor_of(context), caller.account_id, caller.session_id or "")
    return Success(data=None)


@get("/auth/me", operation_id="me", **_FOR_EVERYBODY)
async def me(request: Request[Any, Any, Any], services: NamedDependency[SessionServices]) -> Success[Me]:
    """The caller: person, role, organisation, scopes."""
    caller = _person(request)
    return Success(data=await who_am_i(services.database, caller.account_id, caller.id))


@get("/auth/sessions", operation_id="listSessions", **_FOR_EVERYBODY)
async def sessions(
    request: Request[Any, Any, Any], services: NamedDependency[SessionServices]
) -> Success[list[SessionView]]:
    """The caller's live sessions, newest first."""
    caller = _person(request)
    found = await list_own_sessions(services.database, caller.account_id, caller.id, caller.session_id)
    return Success(data=found)


@delete("/auth/sessions/{session_id:str}", operation_id="endSession", **_FOR_EVERYBODY)
async def end_session(
    request: Request[Any, Any, Any], services: NamedDependency[SessionServices], session_id: FromPath[str]
) -> None:
    """End one of the caller's sessions."""
    caller = _person(request)
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
    caller = _person(request)
    context = context_of(request.scope)
    await services.limits.spend(SOURCE_LOGINS, source_key(context.source))
    _check_size(data.current_password)
    await change_password(
        services.database,
        services.passwords,
        actor_of(context),
        account_id=caller.account_id,
        user_id=caller.id,
        session_id=caller.session_id,
        current=data.current_password,
        new=data.new_password,
        limit_scale=services.limit_scale,
    )
    return Success(data=None)


def router(services: SessionServices) -> Router:
    return Router(
        "/",
        route_handlers=[sign_out, me, sessions, end_session, password],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def _person(request: Request[Any, Any, Any]) -> Principal:
    principal: Principal = context_of(request.scope).principal
    return principal


def _check_size(password: str) -> None:
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidRequest(f"A password must have at most {MAX_PASSWORD_BYTES} bytes.")
