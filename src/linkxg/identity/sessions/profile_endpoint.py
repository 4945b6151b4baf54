"""`PATCH /auth/me` and `/auth/email`: what people say of themselves, and the address by which they sign in."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Router, delete, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from linkxg.audit.model import actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import (
    Conflict,
    InvalidCredentials,
    NotFound,
    TemporarilyUnavailable,
    ValidationFailed,
)
from linkxg.http.client_ip import source_key
from linkxg.http.pagination import Success
from linkxg.http.permissions import roles
from linkxg.http.rate_limits import Limits
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.email_change_mails import EmailChangeMails
from linkxg.identity.accounts.email_changes import EmailChangeView, cancel_email_change
from linkxg.identity.accounts.model import MAX_EMAIL
from linkxg.identity.accounts.profile import LANGUAGE_PATTERN, MAX_LANGUAGE, MAX_NAME, MAX_ZONE, change_profile
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.password_size import check_password_size
from linkxg.identity.sessions.request_email_change import EMAIL_CHANGES, request_email_change
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.token_response import PEOPLE
from linkxg.identity.sessions.whoami import Me, who_am_i
from linkxg.identity.tokens.guard import principal_of


class ChangeMe(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Members that are left out stay as they are; null deletes them."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Ada Weaver", "language": "de-CH", "timeZone": "Europe/Zurich"}

    name: Annotated[str, described(minLength=1, maxLength=MAX_NAME)] | UnsetType | None = UNSET
    language: Annotated[str, described(pattern=LANGUAGE_PATTERN, maxLength=MAX_LANGUAGE)] | UnsetType | None = UNSET
    time_zone: Annotated[str, described(maxLength=MAX_ZONE)] | UnsetType | None = UNSET


class ChangeEmail(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "newEmail": "ada.new@example.com",
        "password": "correct horse battery staple",
    }

    new_email: Annotated[str, described(format="email", maxLength=MAX_EMAIL)]
    password: str


@dataclass(frozen=True, slots=True)
class ProfileServices:
    database: Database
    passwords: Passwords
    limits: Limits
    mails: EmailChangeMails
    limit_scale: float


@patch("/auth/me", operation_id="changeMe", errors=(ValidationFailed,), **PEOPLE, **roles(EVERYONE))
async def change_me(
    request: Request[Any, Any, Any], services: NamedDependency[ProfileServices], data: JSONBody[ChangeMe]
) -> Success[Me]:
    """Change one's own name, language and time zone."""
    caller, actor = principal_of(context_of(request.scope)), actor_of(context_of(request.scope))
    await change_profile(
        services.database,
        actor,
        caller.account_id,
        caller.id,
        name=data.name,
        language=data.language,
        time_zone=data.time_zone,
    )
    return Success(data=await who_am_i(services.database, caller.account_id, caller.id))


@post(
    "/auth/email",
    operation_id="changeEmail",
    errors=(Conflict, InvalidCredentials, ValidationFailed, TemporarilyUnavailable),
    status_code=200,
    **PEOPLE,
    **roles(EVERYONE, EMAIL_CHANGES),
)
async def change_email(
    request: Request[Any, Any, Any], services: NamedDependency[ProfileServices], data: JSONBody[ChangeEmail]
) -> Success[EmailChangeView]:
    """Ask for another e-mail address. It changes when the links mailed to the new and the present one are confirmed."""
    caller, context = principal_of(context_of(request.scope)), context_of(request.scope)
    await services.limits.spend(SOURCE_LOGINS, source_key(context.source))
    check_password_size(data.password)
    begun = await request_email_change(
        services.database,
        services.passwords,
        services.mails,
        actor_of(context),
        account_id=caller.account_id,
        user_id=caller.id,
        new_email=data.new_email,
        password=data.password,
        limit_scale=services.limit_scale,
    )
    return Success(data=begun)


@delete("/auth/email", operation_id="cancelEmailChange", errors=(NotFound,), **PEOPLE, **roles(EVERYONE))
async def cancel(request: Request[Any, Any, Any], services: NamedDependency[ProfileServices]) -> None:
    """End the change of e-mail address that waits for confirmation."""
    caller = principal_of(context_of(request.scope))
    await cancel_email_change(services.database, actor_of(context_of(request.scope)), caller.account_id, caller.id)


def router(services: ProfileServices) -> Router:
    return Router(
        "/",
        route_handlers=[change_me, change_email, cancel],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
