"""`/auth/login`, `/auth/mfa…` and `/auth/step-up`: sign-in in two steps, and another authentication of a session."""

from functools import partial
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from linkxg.audit.model import Actor, actor_of
from linkxg.errors import (
    InvalidCredentials,
    InvalidRequest,
    InvalidToken,
    MfaEnrollmentRequired,
    MfaRequired,
    TemporarilyUnavailable,
)
from linkxg.http.client_ip import source_key
from linkxg.http.pagination import Success
from linkxg.http.permissions import public, roles
from linkxg.http.request_context import RequestContext, context_of
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.challenges import MFA_ATTEMPTS, Completed
from linkxg.identity.factors.enroll import begin_enrollment, confirm_enrollment
from linkxg.identity.factors.factor_services import FactorServices
from linkxg.identity.factors.model import PASSKEY, Enrolled, NewTotp, Purpose, SteppedUp
from linkxg.identity.factors.passkey_proof import begin_passkey_step, complete_with_passkey
from linkxg.identity.factors.passkey_step_up import step_up_with_passkey
from linkxg.identity.factors.request_bodies import CompleteSignIn, ConfirmEnrollment, FirstStep, Login, StepUp
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.factors.sign_in import GRANT, complete_with_code, sign_in, start_completed
from linkxg.identity.factors.step_up import complete_step_up, step_up
from linkxg.identity.passkeys.model import AssertionCredential, PasskeyOptions
from linkxg.identity.sessions.login import NewSession
from linkxg.identity.sessions.model import SessionIdentity, SignedIn
from linkxg.identity.sessions.password_size import check_password_size
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.tokens.guard import principal_of

_SIGN_IN = PEOPLE | public(SOURCE_LOGINS)
_SECOND_STEP = PEOPLE | public(MFA_ATTEMPTS)


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
    "/auth/mfa/passkey-options",
    operation_id="beginPasskeyStep",
    errors=(InvalidToken, TemporarilyUnavailable),
    status_code=200,
    **_SECOND_STEP,
)
async def step_options(services: NamedDependency[FactorServices], data: JSONBody[FirstStep]) -> Success[PasskeyOptions]:
    """Options for `navigator.credentials.get`, after `mfa_required`. The challenge can be answered once."""
    return Success(data=await begin_passkey_step(services.database, services.party, data.mfa_token))


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
    **PEOPLE,
    **roles(EVERYONE),
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


HANDLERS = (login, complete_login, step_options, enroll, enrolled, authenticate_again)


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
