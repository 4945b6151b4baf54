"""`/requests/{id}`: one request; the asked side approves it with a share or declines, the asking side cancels it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.read_product import read_product
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, of_details, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.requests import REQUEST_TYPES, REQUESTS
from linkxg.console.share_editor import preview_typed
from linkxg.console.share_form import (
    LIVE_PREVIEW,
    MEMBER_GROUPS,
    PREVIEW,
    TRACEABILITY,
    VERSION_CHOICES,
    filled_form,
    preview_address,
    read_share_form,
    share_errors,
    typed_form,
)
from linkxg.console.share_preview import PreviewedShare
from linkxg.errors import Conflict, InvalidRequest, InvalidState, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE
from linkxg.network.requests.approve_request import approve_request
from linkxg.network.requests.approved_share import find_approved_share
from linkxg.network.requests.decline_request import cancel_request, decline_request
from linkxg.network.requests.identify_product import find_requested_product
from linkxg.network.requests.model import ApproveShareRequest, ShareRequest
from linkxg.network.requests.read_requests import read_request

REQUEST_PAGE = f"{REQUESTS}/{{request_id:str}}"
DEFAULT_DAYS = 90
_NO_END = {"field": "expiresAt", "code": "missing", "message": "Choose the day on which the share ends."}


@get(REQUEST_PAGE, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], request_id: FromPath[str]) -> Response[str]:
    request = await read_request(page.database, page.account_id, request_id)
    may_approve = page.administers and request.direction == "INCOMING" and request.status == "PENDING"
    if may_approve and page.query.text("then") == PREVIEW:
        return await _decide(page, request, _approve)
    return await _show(page, request)


@post(REQUEST_PAGE, **session_roles(ADMINISTRATORS))
async def answer(page: NamedDependency[PageRequest], request_id: FromPath[str]) -> Response[str]:
    request = await read_request(page.database, page.account_id, request_id)
    answers = {
        PREVIEW: _approve, LIVE_PREVIEW: _approve, "approve": _approve, "decline": _decline, "cancel": _cancel,
    }  # fmt: skip
    then = page.form.text("then")
    if then not in answers:
        raise InvalidRequest("Choose an action.")
    if then == PREVIEW and (address := preview_address(page, "reason")):
        return redirect(page, address)
    return await _decide(page, request, answers[then])


HANDLERS = (show, answer)


async def _decide(
    page: PageRequest, request: ShareRequest, decide: Callable[[PageRequest, ShareRequest], Awaitable[Response[str]]]
) -> Response[str]:
    try:
        return await decide(page, request)
    except (Conflict, InvalidState) as error:
        return await _show(page, request, errors=whole_form(error.description), status=error.status)


async def _approve(page: PageRequest, request: ShareRequest) -> Response[str]:
    typed = await read_share_form(page, type="PRODUCT")
    terms = typed.terms
    try:
        try:
            # Finds every fault of the form.
            shown = await preview_typed(page, request.connection_id, typed)
        except ValidationFailed as error:
            raise ValidationFailed(details=[*(error.details or ()), *_missing_end(terms.expires_at)]) from None
        if terms.expires_at is None:
            raise ValidationFailed(details=[_NO_END])
        if typed_form(page).text("then") in (PREVIEW, LIVE_PREVIEW):
            return await _show(page, request, preview=shown)
        approval = ApproveShareRequest(
            terms.expires_at, terms.fields, terms.versions, terms.traceability, terms.product_id
        )
        # Submitting the form twice approves once.
        approved, _ = await approve_request(
            page.database, page.actor, page.account_id, request.id, approval, page.form.idempotency_key
        )
    except ValidationFailed as error:
        errors = share_errors(error.details or (), typed)
        return await _show(page, request, errors=errors, status=error.status)
    message = f"Approved: {request.partner.name} has the share. {shown.summary}"
    return redirect(page, f"/shares/{approved.share_id}", **flash_message(page, message))


def _missing_end(expires_at: str | None) -> list[dict[str, str]]:
    return [_NO_END] if expires_at is None else []


async def _decline(page: PageRequest, request: ShareRequest) -> Response[str]:
    reason = page.form.text("reason").strip() or None
    try:
        await decline_request(page.database, page.actor, page.account_id, request.id, reason, page.form.idempotency_key)
    except ValidationFailed as error:
        found = of_details(error)
        return await _show(page, request, errors=found, status=error.status)
    return redirect(page, REQUESTS, **flash_message(page, f"The request of {request.partner.name} is declined."))


async def _cancel(page: PageRequest, request: ShareRequest) -> Response[str]:
    await cancel_request(page.database, page.actor, page.account_id, request.id, page.form.idempotency_key)
    return redirect(page, REQUESTS, **flash_message(page, "The request is cancelled."))


async def _show(
    page: PageRequest,
    request: ShareRequest,
    *,
    preview: PreviewedShare | None = None,
    errors: FormErrors | None = None,
    status: int = 200,
) -> Response[str]:
    named = await find_requested_product(page.database, page.account_id, request.id)
    sku = (await read_product(page.database, page.viewer, named)).head.sku if named else ""
    end = (datetime.now(UTC).date() + timedelta(days=DEFAULT_DAYS)).isoformat()
    traceability = "EVENTS" if request.type == "TRACE" else "NONE"
    return render(
        page,
        "request.html",
        status=status,
        one=request,
        named=named,
        sku=sku,
        granted=await find_approved_share(page.database, page.account_id, request),
        key=page.form.key_or_new(),
        filled=filled_form(typed_form(page), product=sku, expires=end, traceability=traceability),
        reason=typed_form(page).text("reason"),
        preview=preview,
        groups=MEMBER_GROUPS,
        types=REQUEST_TYPES,
        versions=VERSION_CHOICES,
        traceability=TRACEABILITY,
        errors=errors,
    )
