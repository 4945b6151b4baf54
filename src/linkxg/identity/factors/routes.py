"""`/auth/login`, `/auth/mfa…`, `/auth/step-up` and `/auth/factors…`: sign-in in two steps, and second factors."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import Actor, actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import (
    Conflict,
    InvalidCredentials,
    InvalidRequest,
    InvalidToken,
    MfaEnrollmentRequired,
    MfaRequired,
    TemporarilyUnavailable,
    ValidationFailed,
)
from linkxg.http.client_ip import source_key
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, public, roles
from linkxg.http.rate_limits import Limits
from linkxg.http.request_context import RequestContext, account_id_of, context_of
from linkxg.identity.accounts.roles import EVERYONE, OWNERS
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.factors.challenges import MFA_ATTEMPTS, Completed
from linkxg.identity.factors.change_factors import (
    FACTOR_CHANGES,
    begin_totp,
    confirm_totp,
    new_codes,
    read_factors,
    remove_factor,
)
from linkxg.identity.factors.enroll import begin_enrollment, confirm_enrollment
from linkxg.identity.factors.model import (
    PASSKEY,
    Enrolled,
    Factors,
    NewTotp,
    Purpose,
    RecoveryCodes,
    SteppedUp,
)
from linkxg.identity.factors.passkey_proof import complete_with_passkey
from linkxg.identity.factors.passkey_step_up import step_up_with_passkey
from linkxg.identity.factors.request_bodies import (
    CompleteSignIn,
    ConfirmEnrollment,
    ConfirmTotp,
    FirstStep,
    Login,
    StepUp,
)
from linkxg.identity.factors.reset_factors import reset_factors
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.factors.sign_in import GRANT, complete_with_code, sign_in, start_completed
from linkxg.identity.factors.step_up import complete_step_up, step_up
from linkxg.identity.passkeys.model import AssertionCredential
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.sessions.login import NewSession
from linkxg.identity.sessions.model import SessionIdentity, SignedIn
from linkxg.identity.sessions.password_size import check_password_size
from linkxg.identity.sessions.sign_in_endpoint import ApiSessions
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.tokens.guard import principal_of

_SIGN_IN = PEOPLE | public(SOURCE_LOGINS)
_SECOND_STEP = PEOPLE | public(MFA_ATTEMPTS)
_FOR_EVERYBODY = PEOPLE | roles(EVERYONE)
_FACTORS = PEOPLE | roles(EVERYONE, FACTOR_CHANGES, recent=RecentAuthentication.ALWAYS)


@dataclass(frozen=True, slots=True)
class FactorServices:
    database: Database
    passwords: Passwords
    server_key: bytes = field(repr=False)
    sessions: ApiSessions
    limits: Limits
    notices: SecurityNotices
    party: RelyingParty
    limit_scale: float


@post(
    "/auth/login",
    operation_id="login",
    errors=(InvalidCredentials, MfaRequired, MfaEnrollmentRequired, TemporarilyUnavailable),
    status_code=200,
    **_SIGN_IN,
)
async def login(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], data: JSONBody[Login]
) -> Success[SignedIn]:
    """Sign in with e-mail and password. People with a second factor get `mfa_required`: see `POST /auth/mfa`."""
    context = context_of(request.scope)
    check_password_size(data.password)

    async def start(new: NewSession) -> SessionIdentity:
        return await sign_in(
            services.database,
            services.passwords,
            actor_of(context),
            new,
            email=data.email,
            password=data.password,
            limit_scale=services.limit_scale,
        )

    return Success(data=await services.sessions.open(context, GRANT, start))


@post(
    "/auth/mfa",
    operation_id="completeLogin",
    errors=(InvalidCredentials, InvalidToken, TemporarilyUnavailable),
    status_code=200,
    **_SECOND_STEP,
)
async def complete_login(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], data: JSONBody[CompleteSignIn]
) -> Success[SignedIn]:
    """Complete a sign-in with a second factor. The `mfaToken` works once, within 5 minutes and 5 wrong codes."""
    context = context_of(request.scope)
    completed = await _complete(
        services,
        actor_of(context),
        "sign_in",
        token=data.mfa_token,
        method=data.method,
        code=data.code,
        credential=data.credential,
    )
    return Success(data=await _open(services, context, completed))


@post(
    "/auth/mfa/enrollment",
    operation_id="beginEnrollment",
    errors=(InvalidToken, TemporarilyUnavailable),
    status_code=200,
    **_SECOND_STEP,
)
async def enroll(services: NamedDependency[FactorServices], data: JSONBody[FirstStep]) -> Success[NewTotp]:
    """Begin to set up an authenticator app, after `mfa_enrollment_required`. The secret is shown only once."""
    begun = await begin_enrollment(services.database, services.server_key, data.mfa_token)
    return Success(data=show_totp(begun.pending, begun.email))


@post(
    "/auth/mfa/enrollment/confirm",
    operation_id="confirmEnrollment",
    errors=(InvalidCredentials, InvalidToken, TemporarilyUnavailable),
    status_code=200,
    **_SECOND_STEP,
)
async def enrolled(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], data: JSONBody[ConfirmEnrollment]
) -> Success[Enrolled]:
    """Confirm the app by its first code, and complete the sign-in. The recovery codes are shown only once."""
    context = context_of(request.scope)
    completed, codes = await confirm_enrollment(
        services.database,
        services.server_key,
        services.notices,
        actor_of(context),
        token=data.mfa_token,
        code=data.code,
        limit_scale=services.limit_scale,
    )
    return Success(data=Enrolled(codes, await _open(services, context, completed)))


@post(
    "/auth/step-up",
    operation_id="stepUp",
    errors=(InvalidCredentials, MfaRequired, TemporarilyUnavailable),
    status_code=200,
    **_FOR_EVERYBODY,
)
async def authenticate_again(
    request: Request[Any, Any, Any], services: NamedDependency[FactorServices], data: JSONBody[StepUp]
) -> Success[SteppedUp]:
    """Authenticate again: a new access token of this session, recent enough for `insufficient_user_authentication`."""
    context = context_of(request.scope)
    caller, actor, scale = principal_of(context_of(request.scope)), actor_of(context), services.limit_scale
    second = (data.mfa_token, data.method, data.code, data.credential)
    await services.limits.spend(SOURCE_LOGINS, source_key(context.source))
    if data.password is not None and second == (None, None, None, None):
        check_password_size(data.password)
        session = await step_up(
            services.database, services.passwords, actor, caller, password=data.password, limit_scale=scale
        )
    elif data.password is None and data.mfa_token and data.method:
        completed = await _complete(
            services, actor, "step_up", token=data.mfa_token, method=data.method, code=data.code,
            credential=data.credential, session_id=caller.session_id,
        )  # fmt: skip
        session = await complete_step_up(services.database, actor, caller, completed)
    elif data.credential is not None and second[:3] == (None, None, None) and data.password is None:
        session = await step_up_with_passkey(services.database, services.party, actor, caller, data.credential)
    else:
        raise InvalidRequest("Send either password, or mfaToken, method and code, or credential.")
    minted = services.sessions.renew(context, session)
    return Success(data=SteppedUp(minted.access_token, "Bearer", minted.expires_in))


@get("/auth/factors", operation_id="listFactors", **_FOR_EVERYBODY)
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
        route_handlers=[
            login, complete_login, enroll, enrolled, authenticate_again, factors, begin, confirm, recovery_codes,
            remove, reset,
        ],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )  # fmt: skip


async def _complete(
    services: FactorServices,
    actor: Actor,
    purpose: Purpose,
    *,
    token: str,
    method: str,
    code: str | None,
    credential: AssertionCredential | None,
    session_id: str | None = None,
) -> Completed:
    """Complete a challenge by a code or a passkey. Raises InvalidRequest unless there is what the method needs."""
    if method == PASSKEY and credential is not None and code is None:
        return await complete_with_passkey(
            services.database, services.party, actor, token=token, purpose=purpose, credential=credential,
            session_id=session_id, limit_scale=services.limit_scale,
        )  # fmt: skip
    if method == PASSKEY or code is None or credential is not None:
        raise InvalidRequest("Send code, or for the method passkey only credential.")
    return await complete_with_code(
        services.database, services.server_key, services.notices, actor, token=token, purpose=purpose, method=method,
        code=code, session_id=session_id, limit_scale=services.limit_scale,
    )  # fmt: skip


async def _open(services: FactorServices, context: RequestContext, completed: Completed) -> SignedIn:
    """Start the session whose second step is completed."""
    start = partial(start_completed, services.database, actor_of(context), completed)
    return await services.sessions.open(context, GRANT, start)
