"""`/email-changes/…`: answers to the links of a change of e-mail address. An Owner answers for a lost mailbox."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import Conflict, NotFound
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, public, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag, described
from linkxg.identity.accounts.email_change_mails import EmailChangeMails
from linkxg.identity.accounts.email_changes import (
    EMAIL_CHANGE_LINKS,
    EmailChangeView,
    approve_email_change,
    confirm_email_change,
    decline_email_change,
    find_email_change,
)
from linkxg.identity.accounts.model import MAX_EMAIL
from linkxg.identity.accounts.roles import OWNERS

_TAG = Tag("Account", "The account, its people and its audit trail.")


class ConfirmedEmail(msgspec.Struct, rename="camel"):
    """`changed` says that both addresses have confirmed, and the change is made."""

    changed: bool


class ApproveEmail(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The new address, as it was shown: a change to another one is not approved."""

    new_email: Annotated[str, described(format="email", maxLength=MAX_EMAIL)]


@dataclass(frozen=True, slots=True)
class EmailChangeServices:
    database: Database
    mails: EmailChangeMails


@post(
    "/email-changes/{token:str}/confirm",
    operation_id="confirmEmailChange",
    errors=(Conflict,),
    status_code=200,
    **public(EMAIL_CHANGE_LINKS),
)
async def confirm(
    request: Request[Any, Any, Any], services: NamedDependency[EmailChangeServices], token: FromPath[str]
) -> Success[ConfirmedEmail]:
    """Confirm a change of e-mail address by the link in a mail, once. The second confirmation makes the change."""
    actor = actor_of(context_of(request.scope))
    confirmed = await confirm_email_change(services.database, actor, token)
    services.mails.changed(actor, confirmed)
    return Success(data=ConfirmedEmail(confirmed.done))


@post(
    "/email-changes/{token:str}/decline",
    operation_id="declineEmailChange",
    status_code=200,
    **public(EMAIL_CHANGE_LINKS),
)
async def decline(
    request: Request[Any, Any, Any], services: NamedDependency[EmailChangeServices], token: FromPath[str]
) -> Success[None]:
    """End a change of e-mail address by the link in a mail."""
    await decline_email_change(services.database, actor_of(context_of(request.scope)), token)
    return Success(data=None)


@get("/account/users/{user_id:str}/email-change", operation_id="readEmailChange", **roles(OWNERS))
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[EmailChangeServices], user_id: FromPath[str]
) -> Success[EmailChangeView]:
    """The change of e-mail address that a person has asked for."""
    found = await find_email_change(services.database, account_id_of(request.scope), user_id)
    if found is None:
        raise NotFound
    return Success(data=found)


@post(
    "/account/users/{user_id:str}/email-change/approve",
    operation_id="approveEmailChange",
    errors=(Conflict,),
    status_code=200,
    **roles(OWNERS, recent=RecentAuthentication.IF_REQUIRED),
)
async def approve(
    request: Request[Any, Any, Any],
    services: NamedDependency[EmailChangeServices],
    user_id: FromPath[str],
    data: JSONBody[ApproveEmail],
) -> Success[ConfirmedEmail]:
    """Confirm in place of the present address, whose mailbox is lost. Not for Owners."""
    actor = actor_of(context_of(request.scope))
    account_id = account_id_of(request.scope)
    approved = await approve_email_change(services.database, actor, account_id, user_id, data.new_email)
    services.mails.changed(actor, approved, approved=True)
    return Success(data=ConfirmedEmail(approved.done))


def router(services: EmailChangeServices) -> Router:
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[confirm, decline, read, approve],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
