"""`/auth/factors/passkeys…`: the passkeys of the caller, registered and named by themselves."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Router, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict, NotFound, ValidationFailed
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, roles
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.change_factors import FACTOR_CHANGES
from linkxg.identity.passkey_registration import enroll_endpoint
from linkxg.identity.passkey_registration.register_passkey import begin_registration, register_passkey
from linkxg.identity.passkey_registration.registration_services import RegistrationServices
from linkxg.identity.passkeys.list_passkeys import list_own_passkeys
from linkxg.identity.passkeys.model import (
    MAX_NAME,
    AttestationCredential,
    PasskeyOptions,
    PasskeyView,
    passkey_view,
)
from linkxg.identity.passkeys.name_passkey import rename_passkey
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.tokens.guard import principal_of

_FOR_EVERYBODY = PEOPLE | roles(EVERYONE)
_FACTORS = PEOPLE | roles(EVERYONE, FACTOR_CHANGES, recent=RecentAuthentication.ALWAYS)


class NewPasskey(msgspec.Struct, forbid_unknown_fields=True):
    """Without a name, the passkey is numbered."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Phone"}

    credential: AttestationCredential
    name: Annotated[str | None, described(maxLength=MAX_NAME)] = None


class PasskeyName(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Phone"}

    name: Annotated[str, described(minLength=1, maxLength=MAX_NAME)]


class RegisteredPasskey(msgspec.Struct, rename="camel"):
    """The passkey, and recovery codes, shown this once; null if those that the person has stay valid."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"recoveryCodes": ["3kq7wx-9m2bhv-c5t8rn-zd4jyf"]}

    passkey: PasskeyView
    recovery_codes: list[str] | None


@get("/auth/factors/passkeys", operation_id="listPasskeys", **_FOR_EVERYBODY)
async def listing(
    request: Request[Any, Any, Any], services: NamedDependency[RegistrationServices]
) -> Success[list[PasskeyView]]:
    """The caller's passkeys, oldest first."""
    caller = principal_of(context_of(request.scope))
    found = await list_own_passkeys(services.database, caller.account_id, caller.id)
    return Success(data=[passkey_view(passkey) for passkey in found])


@post(
    "/auth/factors/passkeys/options",
    operation_id="beginPasskeyRegistration",
    errors=(Conflict,),
    status_code=200,
    **_FACTORS,
)
async def registration_options(
    request: Request[Any, Any, Any], services: NamedDependency[RegistrationServices]
) -> Success[PasskeyOptions]:
    """Options for `navigator.credentials.create`. The challenge can be answered once."""
    caller = principal_of(context_of(request.scope))
    actor = actor_of(context_of(request.scope))
    return Success(
        data=await begin_registration(services.database, services.party, actor, caller.account_id, caller.id)
    )


@post(
    "/auth/factors/passkeys",
    operation_id="registerPasskey",
    errors=(Conflict, ValidationFailed),
    **_FACTORS,
)
async def register(
    request: Request[Any, Any, Any], services: NamedDependency[RegistrationServices], data: JSONBody[NewPasskey]
) -> Success[RegisteredPasskey]:
    """Register the passkey that the browser made. It signs in alone, and is a second factor after the password.

    The other sessions of the person end. Whoever has no recovery codes gets ten, shown only once.
    """
    caller = principal_of(context_of(request.scope))
    actor = actor_of(context_of(request.scope))
    added = await register_passkey(
        services.database,
        services.party,
        services.notices,
        actor,
        caller.account_id,
        caller.id,
        credential=data.credential,
        name=data.name,
    )
    return Success(data=RegisteredPasskey(passkey_view(added.passkey), added.recovery_codes))


@patch(
    "/auth/factors/{factor_id:str}",
    operation_id="renameFactor",
    errors=(NotFound, ValidationFailed),
    **PEOPLE,
    **roles(EVERYONE, FACTOR_CHANGES),
)
async def rename(
    request: Request[Any, Any, Any],
    services: NamedDependency[RegistrationServices],
    factor_id: FromPath[str],
    data: JSONBody[PasskeyName],
) -> Success[PasskeyView]:
    """Rename a passkey. Other factors have no name of their own."""
    caller = principal_of(context_of(request.scope))
    actor = actor_of(context_of(request.scope))
    renamed = await rename_passkey(services.database, actor, caller.account_id, caller.id, factor_id, data.name)
    return Success(data=passkey_view(renamed))


def router(services: RegistrationServices) -> Router:
    return Router(
        "/",
        route_handlers=[*enroll_endpoint.HANDLERS, listing, registration_options, register, rename],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
