"""`/requests/passport-links`: access to passports that was given by links, who opened what, and its end."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.passport_terms import ROLES
from linkxg.console.requests import ON_A_PAGE, REQUESTS
from linkxg.errors import InvalidState, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.access.grant_access import GRANTS, revoke_access
from linkxg.network.passports.access.read_grants import list_grants, read_grant

LINKS = f"{REQUESTS}/passport-links"
LINK = f"{LINKS}/{{grant_id:str}}"
SHOWN_USES = 50


@get(LINKS, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    before = page.query.text("before") or None
    found, more = await list_grants(page.database, page.account_id, before=before, limit=ON_A_PAGE)
    older = found[-1].grant.id if more else None
    return render(page, "passport_links.html", found=found, begun=before, older=older, roles=ROLES)


@get(LINK, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], grant_id: FromPath[str]) -> Response[str]:
    return await _show(page, grant_id)


@post(LINK, **session_roles(WRITERS))
async def revoke(page: NamedDependency[PageRequest], grant_id: FromPath[str]) -> Response[str]:
    """Revokes after a confirmation."""
    granted, _, _ = await read_grant(page.database, page.account_id, grant_id, uses=0)
    here = f"{LINKS}/{grant_id}"
    if granted.grant.status != "REVOKED" and not confirmed(page):
        effects = [
            f"The link of {granted.grant.recipient} immediately opens nothing any more.",
            "What was read by it stays with whoever read it. The log of its uses is kept.",
        ]
        return ask_confirmation(page, Question("Revoke this access?", effects, "Revoke access", "Keep it", here))
    try:
        await page.services.limits.spend(GRANTS, caller_key(page.account_id, page.person.user_id))
        await revoke_access(page.database, page.actor, page.account_id, grant_id, page.form.idempotency_key)
    except RateLimitExceeded as error:
        return await _show(page, grant_id, errors=wait_for_budget(error), status=error.status)
    except InvalidState as error:
        return redirect(page, here, **flash_message(page, error.description))
    return redirect(page, here, **flash_message(page, "The access is revoked. Its link opens nothing any more."))


HANDLERS = (listing, show, revoke)


async def _show(
    page: PageRequest, grant_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    granted, uses, more = await read_grant(page.database, page.account_id, grant_id, uses=SHOWN_USES)
    return render(
        page,
        "passport_grant.html",
        status=status,
        one=granted.grant,
        passport=granted.passport,
        uses=uses,
        more=more,
        roles=ROLES,
        may_revoke=granted.grant.status == "ACTIVE" and page.role in WRITERS,
        errors=errors,
    )
