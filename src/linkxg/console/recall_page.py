"""`/traceability/recalls/{id}`: who has acknowledged a recall; and `/traceability/notices/{id}`: one of a partner."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, of_details, wait_for_budget, whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest
from linkxg.console.pages import download_csv, redirect, render
from linkxg.console.recall_names import gtins_of_items, recall_names
from linkxg.console.recalls import RECALLS, mailing_effect
from linkxg.console.step_up import ask_step_up
from linkxg.console.trace_page import TRACEABILITY
from linkxg.console.trace_words import short_uri
from linkxg.errors import InvalidRequest, InvalidState, PublicError, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE
from linkxg.network.check_fields import check_reason
from linkxg.network.recalls.acknowledge import RECALL_ANSWERS, acknowledge_notice, record_acknowledgement
from linkxg.network.recalls.csv_table import recall_table
from linkxg.network.recalls.model import Onward
from linkxg.network.recalls.read_recalls import (
    ITEM_READS,
    read_notice,
    read_notice_items,
    read_notice_names,
    read_recall,
    read_recall_names,
)
from linkxg.network.recalls.remind import NO_MAIL, remind_recipients
from linkxg.network.recalls.withdraw import withdraw_recall

RECALL = f"{RECALLS}/{{recall_id:str}}"
NOTICE = f"{TRACEABILITY}/notices/{{notice_id:str}}"
ONWARD: dict[Onward, str] = {
    "NONE": "not passed on",
    "ANNOUNCED": "passed on, not all have acknowledged",
    "NO_RECIPIENTS": "passed on, no company is named as recipient",
    "ACKNOWLEDGED": "passed on, all have acknowledged",
}
SHOWN_ITEMS, MAX_SHOWN = 20, 100
NAMED_ADMINISTRATORS = 5


@get(RECALL, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], recall_id: FromPath[str]) -> Response[str]:
    return await _show(page, recall_id)


@get(f"{RECALL}/recall.csv", **session_roles(EVERYONE))
async def as_csv(page: NamedDependency[PageRequest], recall_id: FromPath[str]) -> Response[str]:
    await _spend(page, ITEM_READS)
    found = await read_recall(page.database, page.account_id, recall_id, whole=True)
    return await download_csv(page, recall_table, found, "recall.csv")


@post(RECALL, **session_roles(ADMINISTRATORS))
async def act(page: NamedDependency[PageRequest], recall_id: FromPath[str]) -> Response[str]:
    """Records an acknowledgement, or withdraws the recall."""
    await read_recall(page.database, page.account_id, recall_id)
    acts = {"record": _record, "remind": _remind, "withdraw": _withdraw}
    if page.form.text("act") not in acts:
        raise InvalidRequest("Choose an action.")
    try:
        return await acts[page.form.text("act")](page, recall_id)
    except (ValidationFailed, InvalidState, RateLimitExceeded) as error:
        return await _show(page, recall_id, errors=_errors(error), status=error.status)


@get(NOTICE, **session_roles(EVERYONE))
async def show_notice(page: NamedDependency[PageRequest], notice_id: FromPath[str]) -> Response[str]:
    await _spend(page, ITEM_READS)
    return await _show_notice(page, notice_id)


@post(NOTICE, **session_roles(ADMINISTRATORS))
async def acknowledge(page: NamedDependency[PageRequest], notice_id: FromPath[str]) -> Response[str]:
    note = page.form.text("note").strip() or None
    try:
        await _spend(page)
        # Submitting the form twice acknowledges once.
        notice, _ = await acknowledge_notice(
            page.database, page.actor, page.account_id, notice_id, note, page.form.idempotency_key
        )
    except (ValidationFailed, InvalidState, RateLimitExceeded) as error:
        return await _show_notice(page, notice_id, errors=_errors(error), status=error.status)
    message = f"{notice.issuer.name} sees that you have acknowledged."
    return redirect(page, f"{TRACEABILITY}/notices/{notice_id}", **flash_message(page, message))


HANDLERS = (show, as_csv, act, show_notice, acknowledge)


async def _record(page: PageRequest, recall_id: str) -> Response[str]:
    form = page.form
    await _spend(page)
    await record_acknowledgement(
        page.database, page.actor, page.account_id, recall_id, form.text("recipient"),
        form.text("note").strip() or None, form.idempotency_key,
    )  # fmt: skip
    return redirect(page, f"{RECALLS}/{recall_id}", **flash_message(page, "Saved. The acknowledgement is recorded."))


async def _withdraw(page: PageRequest, recall_id: str) -> Response[str]:
    reason = page.form.text("reason").strip() or None
    check_reason(reason)
    asking = await ask_step_up(page, "withdraw the recall", back=lambda: _show(page, recall_id))
    if asking is not None:
        return asking
    if not confirmed(page):
        found = await read_recall(page.database, page.account_id, recall_id)
        partners = count(found.progress.notified, "partner")
        sees = "sees" if found.progress.notified == 1 else "see"
        mailed = mailing_effect(is_mailed=page.services.recall_mails.enabled)
        effects = [f"{partners} {sees} that it is withdrawn, and the reason. {mailed}"]
        question = Question("Withdraw this recall?", effects, "Withdraw recall", "Keep it", f"{RECALLS}/{recall_id}")
        return ask_confirmation(page, question)
    await _spend(page)
    _, replayed = await withdraw_recall(
        page.database, page.actor, page.account_id, recall_id, reason, page.form.idempotency_key
    )
    if not replayed:
        page.services.recall_mails.withdrawn(page.account_id, recall_id)
    return redirect(page, f"{RECALLS}/{recall_id}", **flash_message(page, "The recall is withdrawn."))


async def _remind(page: PageRequest, recall_id: str) -> Response[str]:
    await _spend(page)
    _, replayed = await remind_recipients(
        page.database, page.actor, page.account_id, recall_id, page.form.idempotency_key,
        sends_mail=page.services.recall_mails.enabled,
    )  # fmt: skip
    if not replayed:
        page.services.recall_mails.reminded(page.account_id, recall_id)
    return redirect(page, f"{RECALLS}/{recall_id}", **flash_message(page, "The reminder is sent."))


async def _spend(page: PageRequest, budget: Budget = RECALL_ANSWERS) -> None:
    """Raises RateLimitExceeded."""
    await page.services.limits.spend(budget, caller_key(page.account_id, page.person.user_id))


def _errors(error: PublicError) -> FormErrors:
    if isinstance(error, ValidationFailed):
        return of_details(error)
    return wait_for_budget(error) if isinstance(error, RateLimitExceeded) else whole_form(error.description)


async def _show(
    page: PageRequest, recall_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    recall = await read_recall(page.database, page.account_id, recall_id)
    given = await read_recall_names(page.database, page.account_id, recall_id)
    uris = [*recall.items, *(uri for one in recall.recipients for uri in one.items)]
    return render(
        page,
        "recall.html",
        status=status,
        recall=recall,
        names=await recall_names(page, gtins_of_items(uris), given, (one.place for one in recall.places)),
        passes_on=await read_notice(page.database, page.account_id, recall.notice_id) if recall.notice_id else None,
        sends_mail=page.services.recall_mails.enabled,
        no_mail=NO_MAIL,
        waits=sum(one.notified and one.acknowledged_at is None for one in recall.recipients),
        onward=ONWARD,
        key=page.form.key_or_new(),
        typed=page.form,
        shown_items=SHOWN_ITEMS,
        short_uri=short_uri,
        errors=errors,
    )


async def _show_notice(
    page: PageRequest, notice_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    items = await read_notice_items(page.database, page.account_id, notice_id)
    given = await read_notice_names(page.database, page.account_id, notice_id)
    return render(
        page,
        "recall_notice.html",
        status=status,
        received=await read_notice(page.database, page.account_id, notice_id),
        received_items=items,
        key=page.form.key_or_new(),
        note=page.form.text("note"),
        names=await recall_names(page, gtins_of_items(items[:MAX_SHOWN]), given),
        administrators=await _administrators(page),
        errors=errors,
    )


async def _administrators(page: PageRequest) -> list[str]:
    """Who can acknowledge, for whoever cannot."""
    if page.administers:
        return []
    people = await list_people(page.database, page.account_id)
    found = [one.name or one.email for one in people if one.role in ADMINISTRATORS and not one.disabled]
    return sorted(found)[:NAMED_ADMINISTRATORS]
