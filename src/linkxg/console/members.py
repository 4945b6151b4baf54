"""`/account/members`: the people of the account and their roles."""

from typing import Any, get_args

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.console.confirm_password import ask_password
from linkxg.console.confirmation import Question, ask_first, confirmed
from linkxg.console.console_services import Services
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest, visit_of
from linkxg.console.notices import Notice, flash_message
from linkxg.console.pages import go, page
from linkxg.console.three_way_merge import FieldConflict, conflict_errors, merge
from linkxg.errors import AccessDenied, Conflict, InvalidRequest, NotFound, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.invite_user import list_invitations, withdraw_invitation
from linkxg.identity.accounts.manage_user import LAST_OWNER, change_user, is_last_owner, list_people, remove_user
from linkxg.identity.accounts.model import UserView
from linkxg.identity.accounts.roles import ADMINISTRATORS, RANK, Role, may_manage
from linkxg.identity.accounts.routes import INVITATIONS
from linkxg.identity.accounts.send_invitation import mail_invitation
from linkxg.identity.clients.read_client import count_clients_of
from linkxg.identity.sessions.end_sessions import end_sessions_of, list_sessions

MEMBERS = "/account/members"
ONE = f"{MEMBERS}/{{user_id:str}}"
ROLES: dict[str, str] = {
    "OWNER": "Everything, including who else is an Owner",
    "ADMIN": "API access, members, audit log, all product data",
    "MEMBER": "Read and change product data",
    "VIEWER": "Read product data",
}


def routes(parts: Services) -> list[HTTPRouteHandler]:
    @get(MEMBERS, **session_roles(ADMINISTRATORS))
    async def listing(request: Request[Any, Any, Any]) -> Response[str]:
        return await _list(parts, visit_of(request))

    @post(MEMBERS, **session_roles(ADMINISTRATORS))
    async def invite(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        email = visit.form.text("email").strip()

        async def back() -> Response[str]:
            return await _list(parts, visit, filled=True)

        asking = await ask_password(parts, visit, "invite this person", back=back)
        if asking is not None:
            return asking
        try:
            await parts.limits.spend(INVITATIONS, caller_key(visit.account_id, visit.person.user_id))
            invited, _ = await mail_invitation(
                parts.database,
                parts.server_key,
                parts.mailer,
                parts.public_url,
                visit.actor,
                visit.account_id,
                email=email,
                role=_role(visit.form.text("role")),
            )
        except RateLimitExceeded as error:
            wait = f"{error.description.rstrip()} Wait {count(error.retry_after or 1, 'second')}."
            return await _list(parts, visit, errors=whole_form(wait), status=error.status)
        except (InvalidRequest, Conflict, AccessDenied) as error:
            said = error.description.replace("The field email is", "The address is")
            field = "role" if isinstance(error, AccessDenied) else "email"
            return await _list(parts, visit, errors=FormErrors([(field, said)]), status=error.status)
        told = f"{email} is invited."
        if invited.mailed:
            told += " The link was mailed; it works once, within 7 days."
        return await _list(parts, visit, notice=Notice("Done", told), link=invited.link)

    @post(f"{MEMBERS}/invitations/{{invitation_id:str}}/withdraw", **session_roles(ADMINISTRATORS))
    async def withdraw(request: Request[Any, Any, Any], invitation_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        await withdraw_invitation(parts.database, visit.actor, visit.account_id, invitation_id)
        return go(visit, MEMBERS, done="withdrawn")

    @get(ONE, **session_roles(ADMINISTRATORS))
    async def show(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[str]:
        return await _show(parts, visit_of(request), user_id)

    @post(ONE, **session_roles(ADMINISTRATORS))
    async def change(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        act = visit.form.text("act")
        database, actor, account_id = parts.database, visit.actor, visit.account_id
        here = f"{MEMBERS}/{user_id}"
        acts = {
            "role": "change the role",
            "disable": "disable this person",
            "enable": "enable this person",
            "remove": "remove this person",
            "end": "end this person's sessions",
        }
        if act not in acts:
            raise InvalidRequest("Choose an action.")
        cuts = act in ("disable", "remove") or (act == "role" and visit.form.text("role") != "OWNER")
        if cuts and visit.role == "OWNER" and await is_last_owner(database, account_id, user_id):
            # Before anything is asked.
            return await _show(parts, visit, user_id, errors=whole_form(LAST_OWNER), status=409)
        if act == "remove" and not confirmed(visit):
            return await _ask_remove(parts, visit, user_id)
        if act == "role":
            person = await _person(parts, visit, user_id)
            edit = merge(visit.form, {"role": _role(visit.form.text("role"))}, {"role": person.role})
            if edit.conflicts:
                found = conflict_errors(edit.conflicts, {"role": "The role"})
                return await _show(parts, visit, user_id, errors=found, conflicts=edit.conflicts, status=409)
            if not edit.changed:
                return go(visit, here, **flash_message(visit, "Nothing changed."))

        async def back() -> Response[str]:
            return await _show(parts, visit, user_id)

        asking = await ask_password(parts, visit, acts[act], back=back)
        if asking is not None:
            return asking
        try:
            if act == "role":
                role = _role(edit.changed["role"])
                await change_user(database, actor, account_id, user_id, role=role, expected=person.role)
                return go(visit, here, done="role")
            if act == "remove":
                await remove_user(database, actor, account_id, user_id)
                return go(visit, MEMBERS, done="person-removed")
            if act == "end":
                await end_sessions_of(database, actor, account_id, user_id)
                return go(visit, here, done="sessions-ended")
            await change_user(database, actor, account_id, user_id, disabled=act == "disable")
        except (Conflict, AccessDenied) as error:
            return await _show(parts, visit, user_id, errors=whole_form(error.description), status=error.status)
        return go(visit, here, done=f"person-{act}d")

    return [listing, invite, withdraw, show, change]


async def _list(parts: Services, visit: PageRequest, *, status: int = 200, **values: Any) -> Response[str]:
    people = await list_people(parts.database, visit.account_id)
    shown: dict[str, Any] = {"errors": FormErrors(), "link": None, **values}
    keeps = bool(shown["errors"]) or shown.pop("filled", False)
    return page(
        visit,
        "members.html",
        status=status,
        people=sorted(people, key=lambda person: (-RANK[person.role], person.email)),
        pending=await list_invitations(parts.database, visit.account_id),
        offered=_offered(visit),
        roles=ROLES,
        email=visit.form.text("email") if keeps else "",
        role=visit.form.text("role") if keeps else "MEMBER",
        **shown,
    )


async def _show(
    parts: Services,
    visit: PageRequest,
    user_id: str,
    *,
    errors: FormErrors | None = None,
    conflicts: dict[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    person = await _person(parts, visit, user_id)
    return page(
        visit,
        "member.html",
        status=status,
        person=person,
        sessions=await list_sessions(parts.database, visit.account_id, user_id),
        may_manage=may_manage(visit.role, person.role),
        offered=_offered(visit),
        roles=ROLES,
        chosen=visit.form.text("role") or person.role,
        errors=errors or FormErrors(),
        conflicts=conflicts or {},
    )


async def _person(parts: Services, visit: PageRequest, user_id: str) -> UserView:
    people: list[UserView] = await list_people(parts.database, visit.account_id)
    person = next((one for one in people if one.id == user_id), None)
    if person is None:
        raise NotFound
    return person


async def _ask_remove(parts: Services, visit: PageRequest, user_id: str) -> Response[str]:
    person = await _person(parts, visit, user_id)
    sessions = len(await list_sessions(parts.database, visit.account_id, user_id))
    clients = await count_clients_of(parts.database, visit.account_id, user_id)
    effects = [
        f"{count(sessions, 'session ends', 'sessions end')} now." if sessions else "They are not signed in.",
        f"{count(clients, 'OAuth client')} that they created {'keeps' if clients == 1 else 'keep'} working."
        if clients
        else "They have not created any OAuth client.",
        "They leave the account permanently. To let them return later, disable them instead.",
    ]
    here = f"{MEMBERS}/{user_id}"
    return ask_first(visit, Question(f"Remove {person.email}?", effects, "Remove person", "Keep this person", here))


def _offered(visit: PageRequest) -> list[str]:
    return [role for role in ROLES if may_manage(visit.role, role)]


def _role(text: str) -> Role:
    found: Role | None = next((role for role in get_args(Role) if role == text), None)
    if found is None:
        raise InvalidRequest("Choose a role.")
    return found
