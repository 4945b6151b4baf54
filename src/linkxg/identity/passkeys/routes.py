"""`/auth/passkey…`: sign-in with a passkey alone."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import InvalidCredentials
from linkxg.http.pagination import Success
from linkxg.http.permissions import public
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import context_of
from linkxg.identity.passkeys.model import AssertionCredential, PasskeyOptions
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.sign_in import begin_passkey_sign_in, sign_in_with_passkey
from linkxg.identity.sessions.login import NewSession
from linkxg.identity.sessions.model import SessionIdentity, SignedIn
from linkxg.identity.sessions.sign_in_endpoint import ApiSessions
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE

PASSKEY_OPTIONS = Budget("passkey-options-source", 300, 60)


class PasskeySignIn(msgspec.Struct, forbid_unknown_fields=True):
    credential: AssertionCredential


@dataclass(frozen=True, slots=True)
class PasskeyServices:
    database: Database
    party: RelyingParty
    sessions: ApiSessions


@post(
    "/auth/passkey/options",
    operation_id="beginPasskeySignIn",
    status_code=200,
    **PEOPLE,
    **public(PASSKEY_OPTIONS),
)
async def sign_in_options(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices]
) -> Success[PasskeyOptions]:
    """Options for `navigator.credentials.get`, for any passkey of this service. The challenge can be answered once."""
    source = context_of(request.scope).source
    return Success(data=await begin_passkey_sign_in(services.database, services.party, source))


@post(
    "/auth/passkey",
    operation_id="signInWithPasskey",
    errors=(InvalidCredentials,),
    status_code=200,
    **PEOPLE,
    **public(SOURCE_LOGINS),
)
async def sign_in(
    request: Request[Any, Any, Any], services: NamedDependency[PasskeyServices], data: JSONBody[PasskeySignIn]
) -> Success[SignedIn]:
    """Sign in with a passkey alone, which must have verified the person. It meets a requirement of a second factor."""
    context = context_of(request.scope)

    async def start(new: NewSession) -> SessionIdentity:
        return await sign_in_with_passkey(services.database, services.party, actor_of(context), new, data.credential)

    return Success(data=await services.sessions.open(context, "passkey", start))


def router(services: PasskeyServices) -> Router:
    return Router(
        "/",
        route_handlers=[sign_in_options, sign_in],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
