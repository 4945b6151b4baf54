"""`/auth/passkey…` and `/auth/factors/…`: sign-in with a passkey, and the passkeys of the caller."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Router, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import Conflict, InvalidCredentials, NotFound, ValidationFailed
from linkxg.http.body_style import BodyStyle
from linkxg.http.metrics import Metrics
from linkxg.http.pagination import Success
from linkxg.http.permissions import public, roles
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.passkeys.list_passkeys import list_own_passkeys
from linkxg.identity.passkeys.model import (
    MAX_NAME,
    AssertionCredential,
    AttestationCredential,
    PasskeyOptions,
    PasskeyView,
    passkey_view,
)
from linkxg.identity.passkeys.name_passkey import rename_passkey
from linkxg.identity.passkeys.notices import passkey_added
from linkxg.identity.passkeys.register_passkey import begin_registration, register_passkey
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.sign_in import begin_sign_in, sign_in_with_passkey
from linkxg.identity.sessions.login import SessionTokens, new_api_session
from linkxg.identity.sessions.model import SignedIn
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE, token_response
from linkxg.identity.tokens.mint import Minter
from linkxg.identity.tokens.model import Principal

PASSKEY_OPTIONS = Budget("passkey-options-source", 60, 60)
REGISTRATIONS = Budget("passkey-registrations", 30, 3_600)
_PEOPLE: dict[str, Any] = {"tags": [PEOPLE], "style": BodyStyle.SIGN_IN}
_FOR_EVERYBODY = _PEOPLE | roles(EVERYONE)
_REGISTERS = _PEOPLE | roles(EVERYONE, REGISTRATIONS)


class PasskeySignIn(msgspec.Struct, forbid_unknown_fields=True):
    credential: AssertionCredential


class NewPasskey(msgspec.Struct, forbid_unknown_fields=True):
    """Without a name, the passkey is numbered."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Phone"}

    credential: AttestationCredential
    name: Annotated[str | None, described(maxLength=MAX_NAME)] = None


class PasskeyName(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Phone"}

    name: Annotated[str, described(minLength=1, maxLength=MAX_NAME)]


@dataclass(frozen=True, slots=True)
class PasskeyServices:
    database: Database
    party: RelyingParty
    server_key: bytes = field(repr=False)
    minter: Minter
    metrics: Metrics
    notices: SecurityNotices


@post(
    "/auth/passkey/options",
    operation_id="beginPasskeySignIn",
    status_code=200,
    **_PEOPLE,
    **public(PASSKEY_OPTIONS),
)
async def sign_in_options(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices]
) -> Success[PasskeyOptions]:
    """Options for `navigator.credentials.get`, for any passkey of this service. The challenge can be answered once."""
    source = context_of(request.scope).source
    return Success(data=await begin_sign_in(services.database, services.party, source))


@post(
    "/auth/passkey",
    operation_id="signInWithPasskey",
    errors=(InvalidCredentials,),
    status_code=200,
    **_PEOPLE,
    **public(SOURCE_LOGINS),
)
async def sign_in(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices], data: JSONBody[PasskeySignIn]
) -> Success[SignedIn]:
    """Sign in with a passkey alone, which must have verified the person. It meets a requirement of a second factor."""
    context = context_of(request.scope)
    user_agent = (context.header(b"user-agent") or b"").decode("ascii", "replace")
    new, refresh_token = new_api_session(services.server_key, user_agent)
    session = await sign_in_with_passkey(services.database, services.party, actor_of(context), new, data.credential)
    answer, jti = token_response(services.minter, SessionTokens(session, refresh_token))
    context.notes |= {"sub": answer.user.id, "sid": session.session_id, "jti": jti}
    services.metrics.token("passkey", "issued")
    return Success(data=answer)


@get("/auth/factors/passkeys", operation_id="listPasskeys", **_FOR_EVERYBODY)
async def listing(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices]
) -> Success[list[PasskeyView]]:
    """The caller's passkeys, oldest first."""
    caller = _person(request)
    found = await list_own_passkeys(services.database, caller.account_id, caller.id)
    return Success(data=[passkey_view(passkey) for passkey in found])


@post(
    "/auth/factors/passkeys/options",
    operation_id="beginPasskeyRegistration",
    errors=(Conflict,),
    status_code=200,
    **_REGISTERS,
)
async def registration_options(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices]
) -> Success[PasskeyOptions]:
    """Options for `navigator.credentials.create`. The challenge can be answered once."""
    caller = _person(request)
    actor = actor_of(context_of(request.scope))
    return Success(
        data=await begin_registration(services.database, services.party, actor, caller.account_id, caller.id)
    )


@post(
    "/auth/factors/passkeys",
    operation_id="registerPasskey",
    errors=(Conflict, ValidationFailed),
    **_REGISTERS,
)
async def register(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices], data: JSONBody[NewPasskey]
) -> Success[PasskeyView]:
    """Register the passkey that the browser made. It signs in alone, and counts as a second factor."""
    caller = _person(request)
    actor = actor_of(context_of(request.scope))
    added = await register_passkey(
        services.database,
        services.party,
        actor,
        caller.account_id,
        caller.id,
        credential=data.credential,
        name=data.name,
    )
    passkey_added(services.notices, actor, added)
    return Success(data=passkey_view(added))


@patch(
    "/auth/factors/{factor_id:str}", operation_id="renameFactor", errors=(NotFound, ValidationFailed), **_FOR_EVERYBODY
)
async def rename(
    request: Request[Any, Any, Any],
    services: NamedDependency[PasskeyServices],
    factor_id: FromPath[str],
    data: JSONBody[PasskeyName],
) -> Success[PasskeyView]:
    """Rename a passkey. Other factors have no name of their own."""
    caller = _person(request)
    actor = actor_of(context_of(request.scope))
    renamed = await rename_passkey(services.database, actor, caller.account_id, caller.id, factor_id, data.name)
    return Success(data=passkey_view(renamed))


def router(services: PasskeyServices) -> Router:
    return Router(
        "/",
        route_handlers=[sign_in_options, sign_in, listing, registration_options, register, rename],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def _person(request: Request[Any, Any, Any]) -> Principal:
    principal: Principal = context_of(request.scope).principal
    return principal
