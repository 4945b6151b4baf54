"""`/account…` and `/invitations/…`: the account, its people, its audit trail."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from linkxg.audit.list_events import list_events
from linkxg.audit.model import AuditEvent, actor_of
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import Conflict, TemporarilyUnavailable
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Pagination, Success
from linkxg.http.permissions import RecentAuthentication, public, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag, described
from linkxg.identity.accounts.account_notices import mail_account_changed, mail_joined_by_invitation, mail_role_raised
from linkxg.identity.accounts.authentication_policy import MAX_STEP_UP_MINUTES, MIN_STEP_UP_MINUTES, Requirement
from linkxg.identity.accounts.change_account import MAX_LIFETIME_DAYS, change_account
from linkxg.identity.accounts.gln import PATTERN as GLN_PATTERN
from linkxg.identity.accounts.invitation_mails import InvitationMails
from linkxg.identity.accounts.invite_user import ACCEPTS, INVITATIONS, accept_invitation
from linkxg.identity.accounts.manage_user import change_user, list_people, remove_user, user_view
from linkxg.identity.accounts.model import MAX_ACCOUNT_NAME, MAX_EMAIL, AccountView, Invited, UserView
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.profile import MAX_NAME
from linkxg.identity.accounts.read_account import read_account
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE, Role
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.send_invitation import mail_invitation
from linkxg.identity.accounts.slug import PATTERN as SLUG_PATTERN

_TAG = Tag("Account", "The account, its people and its audit trail.")
_RECENT = roles(ADMINISTRATORS, recent=RecentAuthentication.IF_REQUIRED)


class ChangeAccount(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Members that are left out stay as they are; null deletes the GLN, the security contact or the lifetime.

    `mfaRequirement` says who needs a second factor, and `mfaRequiredFrom` from when on (null: from now on).
    `stepUpMinutes` is how old the authentication of a person may be who changes clients, secrets or people (null: any
    age). These three are for Owners.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Acme GmbH",
        "slug": "acme-gmbh",
        "gln": "4012345000009",
        "mfaRequiredFrom": "2027-01-01T00:00:00Z",
        "stepUpMinutes": 30,
        "securityContact": "security@example.com",
        "clientLifetimeDays": 365,
    }

    name: Annotated[str, described(minLength=1, maxLength=MAX_ACCOUNT_NAME)] | UnsetType = UNSET
    slug: Annotated[str, described(pattern=SLUG_PATTERN)] | UnsetType = UNSET
    gln: Annotated[str, described(pattern=GLN_PATTERN)] | UnsetType | None = UNSET
    security_contact: Annotated[str, described(format="email", maxLength=MAX_EMAIL)] | UnsetType | None = UNSET
    client_lifetime_days: Annotated[int, described(minimum=1, maximum=MAX_LIFETIME_DAYS)] | UnsetType | None = UNSET
    mfa_requirement: Requirement | UnsetType = UNSET
    mfa_required_from: Annotated[str, described(format="date-time")] | UnsetType | None = UNSET
    step_up_minutes: (
        Annotated[int, described(minimum=MIN_STEP_UP_MINUTES, maximum=MAX_STEP_UP_MINUTES)] | UnsetType | None
    ) = UNSET


class InviteUser(msgspec.Struct, forbid_unknown_fields=True):
    email: Annotated[str, described(format="email", maxLength=MAX_EMAIL)]
    role: Role = "MEMBER"


class ChangeUser(msgspec.Struct, forbid_unknown_fields=True):
    role: Role | None = None
    disabled: bool | None = None


class AcceptInvitation(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Ada Weaver"}

    password: Annotated[str, described(minLength=MINIMUM)]
    name: Annotated[str, described(minLength=1, maxLength=MAX_NAME)] | None = None


@dataclass(frozen=True, slots=True)
class AccountServices:
    database: Database
    passwords: Passwords
    server_key: bytes = field(repr=False)
    invitation_mails: InvitationMails
    notices: SecurityNotices
    cursors: Cursors
    public_url: str


@get("/account", operation_id="readAccount", **roles(EVERYONE))
async def account(request: Request[Any, Any, Any], services: NamedDependency[AccountServices]) -> Success[AccountView]:
    """The caller's account."""
    return Success(data=await read_account(services.database, account_id_of(request.scope)))


@patch("/account", operation_id="changeAccount", errors=(Conflict,), **_RECENT)
async def change_account_settings(
    request: Request[Any, Any, Any], services: NamedDependency[AccountServices], data: JSONBody[ChangeAccount]
) -> Success[AccountView]:
    """Change the account: name, slug, GLN, security contact, lifetime of secrets.

    Owners also set who needs a second factor, and step-up.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    changed = await change_account(
        services.database,
        actor,
        account_id,
        name=data.name,
        slug=data.slug,
        gln=data.gln,
        mfa_requirement=data.mfa_requirement,
        mfa_required_from=data.mfa_required_from,
        step_up_minutes=data.step_up_minutes,
        security_contact=data.security_contact,
        client_lifetime_days=data.client_lifetime_days,
    )
    mail_account_changed(services.notices, actor, account_id, changed)
    return Success(data=changed.view)


@get("/account/users", operation_id="listUsers", **roles(ADMINISTRATORS))
async def users(request: Request[Any, Any, Any], services: NamedDependency[AccountServices]) -> Success[list[UserView]]:
    """The people of the account."""
    return Success(data=await list_people(services.database, account_id_of(request.scope)))


@post(
    "/account/users",
    operation_id="inviteUser",
    errors=(Conflict,),
    response_headers=[REPLAYED],
    **roles(ADMINISTRATORS, INVITATIONS, recent=RecentAuthentication.IF_REQUIRED),
)
async def invite(
    request: Request[Any, Any, Any],
    services: NamedDependency[AccountServices],
    data: JSONBody[InviteUser],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Invited]]:
    """Invite a person. The link works once, within 7 days; it is mailed or, without mail, returned here.

    If the address has been invited before, the earlier link stops working, and `replaced` is true.
    """
    invited = await mail_invitation(
        services.database,
        services.server_key,
        services.invitation_mails,
        services.public_url,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        email=data.email,
        role=data.role,
        idempotency_key=idempotency_key,
    )
    return Response(Success(data=invited.value), headers=replay(invited.replayed))


@patch("/account/users/{user_id:str}", operation_id="changeUser", errors=(Conflict,), **_RECENT)
async def change(
    request: Request[Any, Any, Any],
    services: NamedDependency[AccountServices],
    user_id: FromPath[str],
    data: JSONBody[ChangeUser],
) -> Success[UserView]:
    """Change a role, disable or enable. The person's sessions and tokens end immediately."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    changed = await change_user(services.database, actor, account_id, user_id, role=data.role, disabled=data.disabled)
    mail_role_raised(services.notices, actor, account_id, *changed)
    return Success(data=changed.view)


@delete("/account/users/{user_id:str}", operation_id="removeUser", errors=(Conflict,), **_RECENT)
async def remove(
    request: Request[Any, Any, Any], services: NamedDependency[AccountServices], user_id: FromPath[str]
) -> None:
    """Remove a person; what they created is kept."""
    await remove_user(services.database, actor_of(context_of(request.scope)), account_id_of(request.scope), user_id)


@post(
    "/invitations/{token:str}/accept",
    operation_id="acceptInvitation",
    errors=(Conflict, TemporarilyUnavailable),
    status_code=201,
    **public(ACCEPTS),
)
async def accept(
    request: Request[Any, Any, Any],
    services: NamedDependency[AccountServices],
    token: FromPath[str],
    data: JSONBody[AcceptInvitation],
) -> Success[UserView]:
    """Join the account of a one-time invitation link and choose a password."""
    actor = actor_of(context_of(request.scope))
    user = await accept_invitation(
        services.database, services.passwords, actor, token=token, password=data.password, name=data.name
    )
    mail_joined_by_invitation(services.notices, actor, user)
    return Success(data=user_view(user))


@get("/account/audit-events", operation_id="listAuditEvents", **roles(ADMINISTRATORS))
async def audit_events(
    request: Request[Any, Any, Any],
    services: NamedDependency[AccountServices],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
    action: FromQuery[str | None] = None,
) -> Page[AuditEvent]:
    """The audit trail, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "audit", "account": account_id, "action": action}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_events(services.database, account_id, before=before, limit=limit, action=action)
    following = services.cursors.seal([found[-1].seq], filters) if more else None
    return Page(data=found, pagination=Pagination(following, more, limit))


def router(services: AccountServices) -> Router:
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[account, change_account_settings, users, invite, change, remove, accept, audit_events],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
