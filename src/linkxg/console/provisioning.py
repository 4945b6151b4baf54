"""`/account/provisioning`: the SCIM tokens by which an identity provider manages the people of the account."""

from datetime import UTC, datetime, timedelta

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import rfc3339
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.expiry_day import end_of_day, expiry_fault
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, NotFound, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import OWNERS
from linkxg.identity.scim.manage_tokens import BASE_PATH, TOKEN_CREATIONS, create_token, list_tokens, revoke_token
from linkxg.identity.scim.model import MAX_TOKENS
from linkxg.identity.scim.notices import mail_scim_token_created

PROVISIONING = "/account/provisioning"
_FIELDS = {"name": "name", "expiresAt": "expires"}


@get(PROVISIONING, **session_roles(OWNERS))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(PROVISIONING, **session_roles(OWNERS))
async def create(page: NamedDependency[PageRequest]) -> Response[str]:
    """The answer shows the token, once."""

    async def back() -> Response[str]:
        return await _show(page)

    asking = await ask_step_up(page, "create a SCIM token", back=back)
    if asking is not None:
        return asking
    form = page.form
    fault = expiry_fault(form.text("expires"))
    if fault:
        return await _show(page, errors=FormErrors([("expires", fault)]))
    await page.services.limits.spend(TOKEN_CREATIONS, caller_key(page.account_id, page.person.user_id))
    ends = end_of_day(form.text("expires"))
    try:
        created, replayed = await create_token(
            page.database,
            page.services.server_key,
            page.services.public_url,
            page.actor,
            page.account_id,
            name=form.text("name"),
            expires_at=None if ends is None else rfc3339(ends * 1_000),
            idempotency_key=form.idempotency_key,
        )
    except ValidationFailed as error:
        found = [(_FIELDS[one["field"]], one["message"]) for one in error.details or ()]
        return await _show(page, errors=FormErrors(found))
    except Conflict as error:
        return await _show(page, errors=whole_form(error.description), status=409)
    if not replayed:
        mail_scim_token_created(page.services.notices, page.actor, page.account_id, created.name)
    return render(page, "scim_token.html", name=created.name, token=created.token, base_url=created.base_url)


@post(f"{PROVISIONING}/{{token_id:str}}/revoke", **session_roles(OWNERS))
async def revoke(page: NamedDependency[PageRequest], token_id: FromPath[str]) -> Response[str]:
    if not confirmed(page):
        await _require(page, token_id)
        effects = ["An identity provider that uses it can no longer create, change or disable people."]
        question = Question("Revoke this SCIM token?", effects, "Revoke token", "Keep it", PROVISIONING)
        return ask_confirmation(page, question)
    asking = await ask_step_up(page, "revoke the SCIM token")
    if asking is not None:
        return asking
    await revoke_token(page.database, page.actor, page.account_id, token_id)
    return redirect(page, PROVISIONING, done="scim-revoked")


@get(f"{PROVISIONING}/{{token_id:str}}/revoke", **session_roles(OWNERS))
async def back(page: NamedDependency[PageRequest], token_id: FromPath[str]) -> Response[str]:
    await _require(page, token_id)
    return redirect(page, PROVISIONING)


HANDLERS = (show, create, revoke, back)


async def _require(page: PageRequest, token_id: str) -> None:
    """Raises NotFound unless the token is live."""
    if token_id not in {one.id for one in await list_tokens(page.database, page.account_id)}:
        raise NotFound


async def _show(page: PageRequest, *, errors: FormErrors | None = None, status: int = 422) -> Response[str]:
    tokens = await list_tokens(page.database, page.account_id)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return render(
        page,
        "provisioning.html",
        status=status if errors else 200,
        tokens=tokens,
        full=len(tokens) >= MAX_TOKENS,
        base_url=page.services.public_url + BASE_PATH,
        key=page.form.key_or_new(),
        first_day=tomorrow.isoformat(),
        errors=errors,
    )
