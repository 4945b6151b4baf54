"""`/requests/passports`: what anybody asks to see of passports; one request, and its answer with a link."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.passport_terms import ROLES, access_services, filled_terms, read_terms, terms_errors
from linkxg.console.requests import ON_A_PAGE, REQUESTS
from linkxg.console.step_up import ask_step_up
from linkxg.errors import InvalidRequest, InvalidState, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.model import is_email
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.access.grant_access import GRANTS, approve_access, decline_access
from linkxg.network.passports.access.model import ApproveAccess
from linkxg.network.passports.access.read_grants import RequestWithPassport, list_access_requests, read_access_request

_HOST = re.compile(r"[0-9A-Za-z.-]+")
PASSPORT_REQUESTS = f"{REQUESTS}/passports"
ASKED = f"{PASSPORT_REQUESTS}/{{access_request_id:str}}"


@get(PASSPORT_REQUESTS, **session_roles(EVERYONE))
async def inbox(page: NamedDependency[PageRequest]) -> Response[str]:
    """Requests that wait for an answer; with `show=all` also the others."""
    before, shows_all = page.query.text("before") or None, page.query.text("show") == "all"
    found, more = await list_access_requests(
        page.database, page.account_id, status=None if shows_all else "PENDING", before=before, limit=ON_A_PAGE
    )
    older = found[-1].request.id if more else None
    return render(
        page, "passport_requests.html", found=found, shows_all=shows_all, begun=before, older=older, roles=ROLES
    )


@get(ASKED, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], access_request_id: FromPath[str]) -> Response[str]:
    return await _show(page, await read_access_request(page.database, page.account_id, access_request_id))


@post(ASKED, **session_roles(WRITERS))
async def answer(page: NamedDependency[PageRequest], access_request_id: FromPath[str]) -> Response[str]:
    asked = await read_access_request(page.database, page.account_id, access_request_id)
    answers: dict[str, Callable[[PageRequest, RequestWithPassport], Awaitable[Response[str]]]] = {
        "approve": _approve, "decline": _decline,
    }  # fmt: skip
    if page.form.text("then") not in answers:
        raise InvalidRequest("Choose an action.")
    try:
        return await answers[page.form.text("then")](page, asked)
    except ValidationFailed as error:
        return await _show(page, asked, errors=terms_errors(error, page), status=error.status)
    except InvalidState as error:
        now = await read_access_request(page.database, page.account_id, access_request_id)
        return await _show(page, now, errors=whole_form(error.description), status=error.status)
    except RateLimitExceeded as error:
        return await _show(page, asked, errors=wait_for_budget(error), status=error.status)


HANDLERS = (inbox, show, answer)


def mail_link(contact: str) -> str:
    """The address of a mail to whoever asks; empty unless the contact is an e-mail address and nothing else."""
    mailbox, _, host = contact.strip().rpartition("@")
    return f"mailto:{quote(mailbox, safe='')}@{host}" if is_email(contact.strip()) and _HOST.fullmatch(host) else ""


async def _approve(page: PageRequest, asked: RequestWithPassport) -> Response[str]:
    async def back() -> Response[str]:
        return await _show(page, asked)

    asking = await ask_step_up(page, "give access to a passport", back=back)
    if asking is not None:
        return asking
    terms = read_terms(page)
    given = ApproveAccess(terms.expires_at, terms.roles, terms.single_use, terms.includes_below)
    await page.services.limits.spend(GRANTS, caller_key(page.account_id, page.person.user_id))
    # Submitting the form twice approves once, and shows the same link.
    made = await approve_access(
        access_services(page), page.actor, page.account_id, asked.request.id, given, page.form.idempotency_key
    )
    return render(page, "passport_link.html", made=made.value, passport=asked.passport, roles=ROLES)


async def _decline(page: PageRequest, asked: RequestWithPassport) -> Response[str]:
    reason = page.form.text("reason").strip() or None
    await decline_access(
        page.database, page.actor, page.account_id, asked.request.id, reason, page.form.idempotency_key
    )
    message = f"The request of {asked.request.contact} is declined. Nobody is told: answer by the contact."
    return redirect(page, PASSPORT_REQUESTS, **flash_message(page, message))


async def _show(
    page: PageRequest, asked: RequestWithPassport, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    return render(
        page,
        "passport_request.html",
        status=status,
        one=asked.request,
        passport=asked.passport,
        mail=mail_link(asked.request.contact),
        may_answer=asked.request.status == "PENDING" and page.role in WRITERS,
        key=page.form.key_or_new(),
        filled=filled_terms(page, [asked.request.role]),
        roles=ROLES,
        errors=errors,
    )
