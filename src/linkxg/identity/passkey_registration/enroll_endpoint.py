"""`/auth/mfa/enrollment/passkey…`: the set-up of a passkey during a sign-in whose account requires a second factor."""

from functools import partial
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from linkxg.audit.model import actor_of
from linkxg.errors import InvalidCredentials, InvalidToken, TemporarilyUnavailable, ValidationFailed
from linkxg.http.pagination import Success
from linkxg.http.permissions import public
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import described
from linkxg.identity.factors.challenges import MFA_ATTEMPTS
from linkxg.identity.factors.model import Enrolled
from linkxg.identity.factors.request_bodies import FirstStep
from linkxg.identity.factors.sign_in import GRANT, start_completed
from linkxg.identity.passkey_registration.enroll_passkey import begin_passkey_enrollment, confirm_passkey_enrollment
from linkxg.identity.passkey_registration.registration_services import RegistrationServices
from linkxg.identity.passkeys.model import MAX_NAME, AttestationCredential, PasskeyOptions
from linkxg.identity.sessions.token_response import PEOPLE

_SECOND_STEP = PEOPLE | public(MFA_ATTEMPTS)


class EnrollPasskey(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Without a name, the passkey is numbered."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_...", "name": "Phone"}

    mfa_token: str
    credential: AttestationCredential
    name: Annotated[str | None, described(maxLength=MAX_NAME)] = None


@post(
    "/auth/mfa/enrollment/passkey-options",
    operation_id="beginPasskeyEnrollment",
    errors=(InvalidToken, TemporarilyUnavailable),
    status_code=200,
    **_SECOND_STEP,
)
async def begin(services: NamedDependency[RegistrationServices], data: JSONBody[FirstStep]) -> Success[PasskeyOptions]:
    """Options for `navigator.credentials.create`, after `mfa_enrollment_required`. They can be answered once."""
    return Success(data=await begin_passkey_enrollment(services.database, services.party, data.mfa_token))


@post(
    "/auth/mfa/enrollment/passkey",
    operation_id="confirmPasskeyEnrollment",
    errors=(InvalidCredentials, InvalidToken, TemporarilyUnavailable, ValidationFailed),
    status_code=200,
    **_SECOND_STEP,
)
async def confirm(
    request: Request[Any, Any, Any],
    services: NamedDependency[RegistrationServices],
    data: JSONBody[EnrollPasskey],
) -> Success[Enrolled]:
    """Register the passkey, and complete the sign-in. The recovery codes are shown only once."""
    context = context_of(request.scope)
    completed, codes = await confirm_passkey_enrollment(
        services.database,
        services.party,
        services.notices,
        actor_of(context),
        token=data.mfa_token,
        credential=data.credential,
        name=data.name,
        limit_scale=services.limit_scale,
    )
    start = partial(start_completed, services.database, actor_of(context), completed)
    return Success(data=Enrolled(codes, await services.sessions.open(context, GRANT, start)))


HANDLERS = (begin, confirm)
