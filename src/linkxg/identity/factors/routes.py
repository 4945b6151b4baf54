"""`/auth/factors…`: one's own second factors, and the reset of those of somebody who has lost them."""

from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict, ValidationFailed
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.identity.accounts.roles import EVERYONE, OWNERS
from linkxg.identity.factors import authentication_endpoint
from linkxg.identity.factors.change_factors import (
    FACTOR_CHANGES,
    begin_totp,
    confirm_totp,
    new_codes,
    read_factors,
    remove_factor,
)
from linkxg.identity.factors.factor_services import FactorServices
from linkxg.identity.factors.model import Factors, NewTotp, RecoveryCodes
from linkxg.identity.factors.request_bodies import ConfirmTotp
from linkxg.identity.factors.reset_factors import reset_factors
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.tokens.guard import principal_of

_FACTORS = PEOPLE | roles(EVERYONE, FACTOR_CHANGES, recent=RecentAuthentication.ALWAYS)


@get("/auth/factors", operation_id="listFactors", **PEOPLE, **roles(EVERYONE))
async def factors(request: Request[Any, Any, Any], services: NamedDependency[FactorServices]) -> Success[Factors]:
    """The caller's second factors, and how many recovery codes are left."""
    caller = principal_of(context_of(request.scope))
    return Success(data=await read_factors(services.database, caller.account_id, caller.id))


@post("/auth/factors/totp", operation_id="beginTotp", status_code=200, **_FACTORS)
async def begin(request: Request[Any, Any, Any], services: NamedDependency[FactorServices]) -> Success[NewTotp]:
    """Begin to set up an authenticator app. The secret is shown only once, and waits 15 minutes for its first code."""
    caller, actor = principal_of(context_of(request.scope)), actor_of(context_of(request.scope))
    pending, email = await begin_totp(services.database, services.server_key, actor, caller.account_id, caller.id)
    return Success(data=show_totp(pending, email))


@post(
    "/auth/factors/totp/confirm",
    operation_id="confirmTotp",
    errors=(ValidationFailed,),
    status_code=200,
    **_FACTORS,
)
async def confirm(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], data: JSONBody[ConfirmTotp]
) -> Success[RecoveryCodes]:
    """Confirm the app by its first code. It replaces an earlier one; the other sessions of the person end.

    Whoever has no recovery codes gets ten, shown only once. Refresh, or step up, for a token with the new factor.
    """
    caller, actor = principal_of(context_of(request.scope)), actor_of(context_of(request.scope))
    codes = await confirm_totp(
        services.database, services.server_key, services.notices, actor, caller.account_id, caller.id, data.code
    )
    return Success(data=RecoveryCodes(codes))


@post(
    "/auth/factors/recovery-codes",
    operation_id="replaceRecoveryCodes",
    errors=(Conflict,),
    status_code=200,
    **_FACTORS,
)
async def recovery_codes(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices]
) -> Success[RecoveryCodes]:
    """Ten new recovery codes, shown only once; the earlier ones are invalid."""
    caller, actor = principal_of(context_of(request.scope)), actor_of(context_of(request.scope))
    codes = await new_codes(services.database, services.notices, actor, caller.account_id, caller.id)
    return Success(data=RecoveryCodes(codes))


@delete("/auth/factors/{factor_id:str}", operation_id="removeFactor", errors=(Conflict,), **_FACTORS)
async def remove(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], factor_id: FromPath[str]
) -> None:
    """Remove a second factor; the other sessions of the person end. Recovery codes go with the last factor."""
    caller, actor = principal_of(context_of(request.scope)), actor_of(context_of(request.scope))
    await remove_factor(services.database, services.notices, actor, caller.account_id, caller.id, factor_id)


@delete(
    "/account/users/{user_id:str}/factors",
    operation_id="resetFactors",
    errors=(Conflict,),
    tags=["Account"],
    **roles(OWNERS, FACTOR_CHANGES, recent=RecentAuthentication.ALWAYS),
)
async def reset(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], user_id: FromPath[str]
) -> None:
    """Remove all second factors of a person who has lost them. Their sessions end immediately."""
    actor = actor_of(context_of(request.scope))
    await reset_factors(services.database, services.notices, actor, account_id_of(request.scope), user_id)


def router(services: FactorServices) -> Router:
    return Router(
        "/",
        route_handlers=[*authentication_endpoint.HANDLERS, factors, begin, confirm, recovery_codes, remove, reset],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
