"""`/account/single-sign-on`: the identity provider of the account and its e-mail domains, for Owners."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import LEFT_OUT
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import conflict_errors, merge, original_values
from linkxg.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    RateLimitExceeded,
    TemporarilyUnavailable,
    ValidationFailed,
)
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.model import UserView
from linkxg.identity.accounts.roles import EVERYONE, OWNERS, Role
from linkxg.identity.federation.connect_provider import (
    CONNECTS,
    WantedProvider,
    check_connection,
    connect_provider,
    disconnect_provider,
    read_provider,
)
from linkxg.identity.federation.model import IdentityProviderView, backchannel_logout_uri, redirect_uri
from linkxg.identity.federation.notices import (
    mail_domain_removed,
    mail_domain_verified,
    mail_provider_changed,
    mail_provider_disconnected,
)
from linkxg.identity.federation.verify_domain import (
    DOMAIN_CHECKS,
    check_domain,
    claim_domain,
    list_email_domains,
    remove_domain,
)

HERE = "/account/single-sign-on"
DOMAINS = f"{HERE}/domains"
LABELS = {
    "issuer": "Issuer",
    "client_id": "Client id",
    "default_role": "Role of new people",
    "role_claim": "Claim with the roles",
    "mapping": "Roles by value",
    "owners_by_claim": "Owners by claim",
    "sso_only": "Single sign-on only",
    "keeps": "Owners who keep their password",
}
_FIELDS = {
    "issuer": "issuer",
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "defaultRole": "default_role",
    "roleClaim": "role_claim",
    "roleMapping": "mapping",
    "breakGlassOwnerIds": "keeps",
}
"""The field of the form for each member of the API."""


@get(HERE, **session_roles(OWNERS))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(HERE, **session_roles(OWNERS))
async def save(page: NamedDependency[PageRequest]) -> Response[str]:
    """Connect the provider, or change the connection."""
    stored = _values(await read_provider(page.services.provider_connections, page.account_id))
    edit = merge(page.form, _typed(page), stored)
    if edit.conflicts:
        return await _show(page, errors=conflict_errors(edit.conflicts, LABELS), conflicts=edit.conflicts, status=409)
    wanted, errors = _wanted(page, stored | edit.changed)
    if errors:
        return await _show(page, errors=errors, status=422)
    if not edit.changed and wanted.client_secret is None and not page.form.text(LEFT_OUT):
        return redirect(page, HERE, **flash_message(page, "Nothing changed."))

    async def back() -> Response[str]:
        return await _show(page)

    asking = await ask_step_up(page, "change single sign-on", back=back)
    if asking is not None:
        return asking
    if page.form.text(LEFT_OUT) and wanted.client_secret is None:
        message = "Enter the client secret again: it was not kept while you confirmed."
        return await _show(page, errors=FormErrors([("client_secret", message)]), status=422)
    try:
        await _spend(page, CONNECTS)
        connected = await connect_provider(page.services.provider_connections, page.actor, page.account_id, wanted)
    except ValidationFailed as error:
        found = FormErrors([(_FIELDS.get(one["field"], ""), one["message"]) for one in error.details or ()])
        return await _show(page, errors=found, status=error.status)
    except RateLimitExceeded as error:
        return await _show(page, errors=wait_for_budget(error), status=error.status)
    except TemporarilyUnavailable as error:
        return await _show(page, errors=whole_form(error.description), status=error.status)
    mail_provider_changed(page.services.notices, page.actor, page.account_id, connected)
    return redirect(page, HERE, **flash_message(page, "Saved. The identity provider answers as it should."))


@post(f"{HERE}/actions", **session_roles(OWNERS))
async def act(page: NamedDependency[PageRequest]) -> Response[str]:
    """Test or end the connection."""
    services, account_id, what = page.services, page.account_id, page.form.text("act")
    acts = {"test": "test the connection", "disconnect": "disconnect the identity provider"}
    if what not in acts:
        raise InvalidRequest("Choose an action.")
    if what == "disconnect" and not confirmed(page):
        return _ask_disconnect(page)

    async def back() -> Response[str]:
        return redirect(page, HERE)

    asking = await ask_step_up(page, acts[what], back=back)
    if asking is not None:
        return asking
    try:
        if what == "test":
            await _spend(page, CONNECTS)
            problem = await check_connection(services.provider_connections, page.actor, account_id)
            if problem is not None:
                return await _show(page, errors=whole_form(f"The identity provider is not usable. {problem}"))
            return redirect(page, HERE, **flash_message(page, "The identity provider answers as it should."))
        await disconnect_provider(services.provider_connections, page.actor, account_id)
    except NotFound:
        return redirect(page, HERE, **flash_message(page, "No identity provider is connected."))
    except RateLimitExceeded as error:
        return await _show(page, errors=wait_for_budget(error), status=error.status)
    mail_provider_disconnected(services.notices, page.actor, account_id)
    return redirect(page, HERE, **flash_message(page, "The identity provider is disconnected."))


@post(DOMAINS, **session_roles(OWNERS))
async def change_domain(page: NamedDependency[PageRequest]) -> Response[str]:
    """Add, verify or remove a domain."""
    database, actor, account_id, notices = page.database, page.actor, page.account_id, page.services.notices
    # The buttons of a row carry its domain.
    what = next((button for button in ("verify", "remove") if page.form.has(button)), "add")
    domain = page.form.text("domain" if what == "add" else what).strip()

    async def back() -> Response[str]:
        return await _show(page, domain=domain)

    asking = await ask_step_up(page, f"{what} a domain", back=back)
    if asking is not None:
        return asking
    try:
        if what == "add":
            claimed = await claim_domain(database, actor, account_id, domain)
            message = f"{claimed.domain} is added. Publish the TXT record, then verify the domain."
        elif what == "verify":
            await _spend(page, DOMAIN_CHECKS)
            found = await check_domain(database, page.services.resolver, actor, account_id, domain)
            mail_domain_verified(notices, actor, account_id, found)
            message = f"{found.view.domain} is verified."
        else:
            removed = await remove_domain(database, actor, account_id, domain)
            mail_domain_removed(notices, actor, account_id, removed)
            message = f"{removed} is removed."
    except ValidationFailed as error:
        found_errors = FormErrors([("domain", one["message"]) for one in error.details or ()])
        return await _show(page, errors=found_errors, domain=domain, status=error.status)
    except Conflict as error:
        return await _show(page, errors=FormErrors([("domain", error.description)]), domain=domain, status=409)
    except RateLimitExceeded as error:
        return await _show(page, errors=wait_for_budget(error), domain=domain, status=error.status)
    return redirect(page, HERE, **flash_message(page, message))


HANDLERS = (show, save, act, change_domain)


async def _show(
    page: PageRequest,
    *,
    errors: FormErrors | None = None,
    conflicts: Any = None,
    domain: str = "",
    status: int = 200,
) -> Response[str]:
    provider = await read_provider(page.services.provider_connections, page.account_id)
    stored = _values(provider)
    keeps_form = page.path == HERE and bool(page.form.pairs)
    public_url = page.services.public_url
    if errors and keeps_form and page.form.text("client_secret") and not errors.message("client_secret"):
        errors.add("client_secret", "Enter the client secret again: no page shows it.")
    return render(
        page,
        "single_sign_on.html",
        status=status,
        provider=provider,
        domains=await list_email_domains(page.database, page.account_id),
        domain=domain,
        owners=await _owners(page),
        filled=_typed(page) if keeps_form else stored,
        was=stored if conflicts or not keeps_form else original_values(page.form, stored, stored),
        conflicts=conflicts or {},
        redirect_uri=redirect_uri(public_url, page.account_id),
        logout_uri=backchannel_logout_uri(public_url, page.account_id),
        errors=errors,
    )


def _ask_disconnect(page: PageRequest) -> Response[str]:
    effects = [
        "Sessions that began by the provider end now.",
        "People without a password cannot sign in until you create a password link for each of them, under Members.",
        "The verified domains are kept.",
    ]
    question = Question("Disconnect the identity provider?", effects, "Disconnect", "Keep it", HERE)
    return ask_confirmation(page, question)


def _values(provider: IdentityProviderView | None) -> dict[str, str]:
    """The connection as the texts of the form."""
    if provider is None:
        empty = dict.fromkeys(LABELS, "")
        return empty | {"default_role": "MEMBER"}
    return {
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "default_role": provider.default_role or "",
        "role_claim": provider.role_claim or "",
        "mapping": "\n".join(f"{value} = {role}" for value, role in sorted(provider.role_mapping.items())),
        "owners_by_claim": "yes" if provider.owners_by_claim else "",
        "sso_only": "yes" if provider.sso_only else "",
        "keeps": " ".join(sorted(provider.break_glass_owner_ids)),
    }


def _typed(page: PageRequest) -> dict[str, str]:
    form = page.form
    lines = [line.strip() for line in form.text("mapping").splitlines() if line.strip()]
    return {
        "issuer": form.text("issuer").strip(),
        "client_id": form.text("client_id").strip(),
        "default_role": form.text("default_role"),
        "role_claim": form.text("role_claim").strip(),
        "mapping": "\n".join(sorted(lines)),
        "owners_by_claim": form.text("owners_by_claim"),
        "sso_only": form.text("sso_only"),
        "keeps": " ".join(sorted(form.all("keeps"))),
    }


def _wanted(page: PageRequest, values: dict[str, str]) -> tuple[WantedProvider, FormErrors]:
    mapping: dict[str, Role] = {}
    faults: list[tuple[str, str]] = []
    for line in values["mapping"].splitlines():
        value, _, name = line.rpartition("=")
        role = _role(name.strip().upper())
        if role is None or not value.strip():
            faults.append(("mapping", "Write one value a line, as in: linkxg-admins = ADMIN."))
            break
        mapping[value.strip()] = role
    wanted = WantedProvider(
        issuer=values["issuer"],
        client_id=values["client_id"],
        client_secret=page.form.text("client_secret") or None,
        default_role=_role(values["default_role"]),
        role_claim=values["role_claim"] or None,
        role_mapping=mapping,
        owners_by_claim=values["owners_by_claim"] == "yes",
        sso_only=values["sso_only"] == "yes",
        break_glass_owner_ids=values["keeps"].split(),
    )
    return wanted, FormErrors(faults)


def _role(text: str) -> Role | None:
    return next((role for role in EVERYONE if role == text), None)


async def _owners(page: PageRequest) -> list[UserView]:
    people = await list_people(page.database, page.account_id)
    return [one for one in people if one.role == "OWNER" and not one.disabled]


async def _spend(page: PageRequest, budget: Budget) -> None:
    await page.services.limits.spend(budget, caller_key(page.account_id, page.person.user_id))
