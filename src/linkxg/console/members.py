"""`/account/members`: the people of the account and their roles."""

from typing import Any, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.factor_budget import spend_factor_change
from linkxg.console.flash_messages import Notice, flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.sign_in_state import describe_sign_in_without_factor
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import FieldConflict, conflict_errors, merge
from linkxg.errors import AccessDenied, Conflict, InvalidRequest, NotFound, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.account_notices import mail_role_raised
from linkxg.identity.accounts.email_changes import approve_email_change, find_email_change
from linkxg.identity.accounts.invite_user import INVITATIONS, list_invitations, withdraw_invitation
from linkxg.identity.accounts.manage_user import change_user, find_owner_refusal, list_people, remove_user
from linkxg.identity.accounts.model import UserView
from linkxg.identity.accounts.roles import ADMINISTRATORS, RANK, Role, may_manage
from linkxg.identity.accounts.send_invitation import mail_invitation
from linkxg.identity.clients.read_client import count_clients_of
from linkxg.identity.factors.reset_factors import reset_factors
from linkxg.identity.federation.readmission import readmits
from linkxg.identity.sessions.end_sessions import end_sessions_of, list_sessions

MEMBERS = "/account/members"
MEMBER = f"{MEMBERS}/{{user_id:str}}"
ROLES: dict[str, str] = {
    "OWNER": "Everything, including who else is an Owner",
    "ADMIN": "API access, members, audit log, all product data",
    "MEMBER": "Read and change product data",
    "VIEWER": "Read product data",
}

_LEAVES = "They leave the account permanently. To let them return later, disable them instead."
_COMES_BACK = (
    "Your identity provider adds them again, as a new person, the next time they sign in by it. To keep them out, "
    "disable them instead, or end their access at the provider."
)


@get(MEMBERS, **session_roles(ADMINISTRATORS))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _list(page)


@post(MEMBERS, **session_roles(ADMINISTRATORS))
async def invite(page: NamedDependency[PageRequest]) -> Response[str]:
    email = page.form.text("email").strip()

    async def back() -> Response[str]:
        return await _list(page, filled=True)

    asking = await ask_step_up(page, "invite this person", back=back)
    if asking is not None:
        return asking
    try:
        await page.services.limits.spend(INVITATIONS, caller_key(page.account_id, page.person.user_id))
        invited, _ = await mail_invitation(
            page.database,
            page.services.server_key,
            page.services.invitation_mails,
            page.services.public_url,
            page.actor,
            page.account_id,
            email=email,
            role=_role(page.form.text("role")),
        )
    except RateLimitExceeded as error:
        return await _list(page, errors=wait_for_budget(error), status=error.status)
    except (InvalidRequest, Conflict, AccessDenied) as error:
        message = error.description.replace("The field email is", "The address is")
        field = "role" if isinstance(error, AccessDenied) else "email"
        return await _list(page, errors=FormErrors([(field, message)]), status=error.status)
    message = f"{email} is invited."
    if invited.mailed:
        message += " The link was mailed; it works once, within 7 days."
    if invited.replaced:
        message += " It replaces the earlier invitation, whose link no longer works."
    return await _list(page, notice=Notice("Done", message), link=invited.link)


@post(f"{MEMBERS}/invitations/{{invitation_id:str}}/withdraw", **session_roles(ADMINISTRATORS))
async def withdraw(page: NamedDependency[PageRequest], invitation_id: FromPath[str]) -> Response[str]:
    asking = await ask_step_up(page, "withdraw the invitation", back=lambda: _list(page))
    if asking is not None:
        return asking
    await withdraw_invitation(page.database, page.actor, page.account_id, invitation_id)
    return redirect(page, MEMBERS, done="withdrawn")


@get(MEMBER, **session_roles(ADMINISTRATORS))
async def show(page: NamedDependency[PageRequest], user_id: FromPath[str]) -> Response[str]:
    return await _show(page, user_id)


@post(MEMBER, **session_roles(ADMINISTRATORS))
async def change(page: NamedDependency[PageRequest], user_id: FromPath[str]) -> Response[str]:
    act = page.form.text("act")
    database, actor, account_id = page.database, page.actor, page.account_id
    here = f"{MEMBERS}/{user_id}"
    acts = {
        "role": "change the role",
        "disable": "disable this person",
        "enable": "enable this person",
        "remove": "remove this person",
        "end": "end this person's sessions",
        "email": "confirm the change of e-mail address",
        "reset": "reset this person's second factors",
    }
    if act not in acts:
        raise InvalidRequest("Choose an action.")
    cuts = act in ("disable", "remove") or (act == "role" and page.form.text("role") != "OWNER")
    if cuts and page.role == "OWNER":
        refusal = await find_owner_refusal(database, account_id, user_id)
        if refusal is not None:
            # Before anything is asked.
            return await _show(page, user_id, errors=whole_form(refusal), status=409)
    if act == "remove" and not confirmed(page):
        return await _ask_remove(page, user_id)
    if act == "reset" and not confirmed(page):
        return await _ask_reset(page, user_id)
    if act == "role":
        person = await _person(page, user_id)
        edit = merge(page.form, {"role": _role(page.form.text("role"))}, {"role": person.role})
        if edit.conflicts:
            found = conflict_errors(edit.conflicts, {"role": "The role"})
            return await _show(page, user_id, errors=found, conflicts=edit.conflicts, status=409)
        if not edit.changed:
            return redirect(page, here, **flash_message(page, "Nothing changed."))

    async def back() -> Response[str]:
        return await _show(page, user_id)

    asking = await ask_step_up(page, acts[act], back=back)
    if asking is not None:
        return asking
    try:
        if act == "role":
            role = _role(edit.changed["role"])
            changed = await change_user(database, actor, account_id, user_id, role=role, expected=person.role)
            mail_role_raised(page.services.notices, actor, account_id, *changed)
            return redirect(page, here, done="role")
        if act == "remove":
            await remove_user(database, actor, account_id, user_id)
            return redirect(page, MEMBERS, done="person-removed")
        if act == "email":
            new_email = page.form.text("approve")
            approved = await approve_email_change(database, actor, account_id, user_id, new_email)
            page.services.email_changes.changed(actor, approved, approved=True)
            return redirect(page, here, done="email-approved")
        if act == "reset":
            await spend_factor_change(page)
            await reset_factors(database, page.services.notices, actor, account_id, user_id)
            return redirect(page, here, done="factors-reset")
        if act == "end":
            await end_sessions_of(database, actor, account_id, user_id)
            return redirect(page, here, done="sessions-ended")
        changed = await change_user(database, actor, account_id, user_id, disabled=act == "disable")
        mail_role_raised(page.services.notices, actor, account_id, *changed)
    except RateLimitExceeded as error:
        return await _show(page, user_id, errors=wait_for_budget(error), status=error.status)
    except (Conflict, AccessDenied) as error:
        return await _show(page, user_id, errors=whole_form(error.description), status=error.status)
    return redirect(page, here, done=f"person-{act}d")


HANDLERS = (listing, invite, withdraw, show, change)


async def _list(page: PageRequest, *, status: int = 200, **values: Any) -> Response[str]:
    people = await list_people(page.database, page.account_id)
    shown: dict[str, Any] = {"link": None, **values}
    keeps = bool(shown.get("errors")) or shown.pop("filled", False)
    return render(
        page,
        "members.html",
        status=status,
        people=sorted(people, key=lambda person: (-RANK[person.role], person.email)),
        pending=await list_invitations(page.database, page.account_id),
        offered=_offered(page),
        roles=ROLES,
        email=page.form.text("email") if keeps else "",
        role=page.form.text("role") if keeps else "MEMBER",
        **shown,
    )


async def _show(
    page: PageRequest,
    user_id: str,
    *,
    errors: FormErrors | None = None,
    conflicts: dict[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    person = await _person(page, user_id)
    return render(
        page,
        "member.html",
        status=status,
        person=person,
        sessions=await list_sessions(page.database, page.account_id, user_id),
        may_manage=may_manage(page.role, person.role),
        must_stay=await find_owner_refusal(page.database, page.account_id, user_id),
        sign_in_without_factor=await describe_sign_in_without_factor(page, person),
        email_change=await find_email_change(page.database, page.account_id, user_id),
        offered=_offered(page),
        roles=ROLES,
        chosen=page.form.text("role") or person.role,
        key=page.form.key_or_new(),
        errors=errors,
        conflicts=conflicts or {},
    )


async def _person(page: PageRequest, user_id: str) -> UserView:
    people: list[UserView] = await list_people(page.database, page.account_id)
    person = next((one for one in people if one.id == user_id), None)
    if person is None:
        raise NotFound
    return person


async def _ask_remove(page: PageRequest, user_id: str) -> Response[str]:
    person = await _person(page, user_id)
    sessions = len(await list_sessions(page.database, page.account_id, user_id))
    clients = await count_clients_of(page.database, page.account_id, user_id)
    comes_back = await readmits(page.database, page.account_id, person.email)
    effects = [
        f"{count(sessions, 'session ends', 'sessions end')} now." if sessions else "They are not signed in.",
        f"{count(clients, 'OAuth client')} that they created {'keeps' if clients == 1 else 'keep'} working."
        if clients
        else "They have not created any OAuth client.",
        _COMES_BACK if comes_back else _LEAVES,
    ]
    question = Question(f"Remove {person.email}?", effects, "Remove person", "Keep this person", f"{MEMBERS}/{user_id}")
    return ask_confirmation(page, question, template="remove_person.html", person=person, comes_back=comes_back)


async def _ask_reset(page: PageRequest, user_id: str) -> Response[str]:
    person = await _person(page, user_id)
    effect = (
        "Their second factors and recovery codes stop working and their sessions end now. Until they set up a new one, "
        "their password is all that protects them: make sure that it is really they who asked."
    )
    here = f"{MEMBERS}/{user_id}"
    question = Question(
        f"Reset the second factors of {person.email}?", [effect], "Reset second factors", "Keep them", here
    )
    return ask_confirmation(page, question)


def _offered(page: PageRequest) -> list[str]:
    return [role for role in ROLES if may_manage(page.role, role)]


def _role(text: str) -> Role:
    found: Role | None = next((role for role in get_args(Role) if role == text), None)
    if found is None:
        raise InvalidRequest("Choose a role.")
    return found
