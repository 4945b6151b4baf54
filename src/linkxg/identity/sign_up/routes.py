"""`/accounts/sign-up…`: accounts that anybody creates with a confirmed e-mail address."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from linkxg.audit.model import actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import Conflict, NotFound, SignUpDisabled, TemporarilyUnavailable
from linkxg.http.pagination import Success
from linkxg.http.permissions import public
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import Tag
from linkxg.identity.accounts.invite_user import ACCEPTS
from linkxg.identity.sign_up.complete_sign_up import complete_sign_up
from linkxg.identity.sign_up.mails import SignUpMails
from linkxg.identity.sign_up.model import (
    SIGN_UPS,
    CompleteSignUp,
    CreatedAccount,
    SignUp,
    SignUpMode,
    SignUpRequested,
)
from linkxg.identity.sign_up.request_sign_up import request_sign_up

_TAG = Tag("Sign-up", "Accounts that anybody creates with a confirmed e-mail address, where the operator permits it.")


@dataclass(frozen=True, slots=True)
class SignUpServices:
    database: Database
    passwords: Passwords
    mails: SignUpMails
    mode: SignUpMode
    limit_scale: float


@post("/accounts/sign-up", operation_id="signUp", errors=(SignUpDisabled,), status_code=200, **public(SIGN_UPS))
async def sign_up(services: NamedDependency[SignUpServices], data: JSONBody[SignUp]) -> Success[SignUpRequested]:
    """Request a link by mail that creates an account. The answer does not tell whether the address has one."""
    requested = await request_sign_up(
        services.database, services.mails, services.mode, email=data.email, limit_scale=services.limit_scale
    )
    return Success(data=requested)


@post(
    "/accounts/sign-up/complete",
    operation_id="completeSignUp",
    errors=(SignUpDisabled, NotFound, Conflict, TemporarilyUnavailable),
    status_code=201,
    **public(ACCEPTS),
)
async def complete(
    request: Request[Any, Any, Any], services: NamedDependency[SignUpServices], data: JSONBody[CompleteSignUp]
) -> Success[CreatedAccount]:
    """Create an account and its Owner, by the token of the mailed link. Works once."""
    created = await complete_sign_up(
        services.database,
        services.passwords,
        services.mode,
        actor_of(context_of(request.scope)),
        token=data.token,
        name=data.account_name,
        password=data.password,
    )
    return Success(data=created)


def router(services: SignUpServices) -> Router:
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[sign_up, complete],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
