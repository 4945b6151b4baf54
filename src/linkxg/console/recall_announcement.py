"""`/traceability/recalls/new`: a recall in three steps: its items, whom they concern, and its announcement."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import CANCEL
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.pages import redirect, render
from linkxg.console.recall_names import RecallNames, names_of, recall_names
from linkxg.console.recalled_items import FIELD, LISTED, Recalled, read_recalled
from linkxg.console.recalls import RECALLS, mailing_effect
from linkxg.console.step_up import ask_step_up
from linkxg.console.trace_query import trace_reader
from linkxg.console.trace_words import short_uri
from linkxg.console.typed_item import EXAMPLE
from linkxg.errors import Conflict, InvalidRequest, InvalidState, RateLimitExceeded, ValidationFailed
from linkxg.http.long_answer import long_answer
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.network.connections.read_connections import read_connections
from linkxg.network.recalls.announce import RECALLS as BUDGET
from linkxg.network.recalls.announce import announce_recall
from linkxg.network.recalls.joint_impact import JointImpact, read_joint_impact
from linkxg.network.recalls.model import MAX_ITEMS, MAX_PLACES, AnnounceRecall

NEW = f"{RECALLS}/new"
SHOWN_ITEMS = 100
SHOW = "show"
_FIELDS = {"noticeId": FIELD, "connectionIds": "partner"}
_CHANGED = "The items have changed: check whom they concern, then announce the recall."


@get(NEW, **session_roles(ADMINISTRATORS))
async def new(page: NamedDependency[PageRequest]) -> Response[str]:
    recalled = await read_recalled(page, page.query)
    return await _show(page, recalled, page.query)


@post(NEW, **session_roles(ADMINISTRATORS))
async def announce(page: NamedDependency[PageRequest]) -> Response[str]:
    form = page.form
    recalled = await read_recalled(page, form)
    errors = FormErrors()
    if form.has(CANCEL) or form.text("act") == SHOW:
        return await _show(page, recalled, form)
    asking = await ask_step_up(page, "announce the recall", back=lambda: _show(page, recalled, form))
    if asking is not None:
        return asking
    if not recalled.items and not recalled.faults:
        errors.add(FIELD, "Say what is recalled.")
    elif not recalled.is_shown_by(form):
        errors.add(FIELD, _CHANGED)
    if not form.text("reason").strip():
        errors.add("reason", "Say why it is recalled.")
    if recalled.faults or errors:
        return await _show(page, recalled, form, errors=errors)
    given = AnnounceRecall(
        form.text("reason"),
        recalled.items,
        form.text("instructions").strip() or None,
        form.all("partner"),
        recalled.notice.id if recalled.notice else None,
    )
    try:
        if not confirmed(page):
            return await _ask(page, recalled)
        await page.services.limits.spend(BUDGET, caller_key(page.account_id, page.person.user_id))
        with long_answer(page.context) as answer:
            # Submitting the form twice announces once.
            made, replayed = await announce_recall(
                await trace_reader(page), page.actor, page.account_id, given, answer, form.idempotency_key
            )
    except ValidationFailed as error:
        found = [(_FIELDS.get(one["field"], one["field"]), one["message"]) for one in error.details or ()]
        return await _show(page, recalled, form, errors=FormErrors(found))
    except RateLimitExceeded as error:
        return await _show(page, recalled, form, errors=wait_for_budget(error), status=error.status)
    except (Conflict, InvalidState) as error:
        return await _show(page, recalled, form, errors=whole_form(error.description), status=error.status)
    except InvalidRequest as error:
        return await _show(page, recalled, form, errors=_of_items(error))
    if not replayed:
        page.services.recall_mails.announced(page.account_id, made.id)
    notified = count(made.progress.notified, "partner")
    message = f"The recall is announced: {notified} {'has' if made.progress.notified == 1 else 'have'} a notice."
    if not made.progress.notified:
        message = "The recall is recorded. No partner has a notice."
    return redirect(page, f"{RECALLS}/{made.id}", **flash_message(page, message))


HANDLERS = (new, announce)


async def _read_impact(page: PageRequest, recalled: Recalled) -> JointImpact | None:
    """None without items. Raises InvalidRequest if it takes too long."""
    if not recalled.items or len(recalled.items) > MAX_ITEMS:
        return None
    reader = await trace_reader(page)
    with long_answer(page.context) as answer:
        return await read_joint_impact(reader, page.account_id, recalled.items, answer)


async def _connected(page: PageRequest, impact: JointImpact) -> set[str]:
    """The recipients who can be notified, by their connections."""
    ids = {one.connection_id for one in impact.recipients if one.connection_id}
    found = await read_connections(page.database, page.account_id, ids)
    return {one.id for one in found if one.status == "ACTIVE"}


async def _ask(page: PageRequest, recalled: Recalled) -> Response[str]:
    impact = await _read_impact(page, recalled)
    if impact is None or recalled.unknown(impact):
        return await _show(page, recalled, page.form)
    chosen = set(page.form.all("partner")) & await _connected(page, impact)
    names = [one.partner.name for one in impact.recipients if one.partner and one.connection_id in chosen]
    others = len(impact.recipients) - len(names)
    recorded = f"The recall of {count(len(recalled.items), 'item')}"
    if len(impact.items) > len(recalled.items):
        recorded += f", with {count(len(impact.items), 'affected item')} in all,"
    effects = [f"{recorded} is recorded, with everybody who is named as recipient."]
    if names:
        effects.append(
            f"A notice goes to {', '.join(names)}, with the items that they received. "
            f"{mailing_effect(is_mailed=page.services.recall_mails.enabled)} "
            "You can withdraw the recall, but not take back what they have read."
        )
    else:
        effects.append("No partner gets a notice.")
    if others:
        effects.append(f"Notify {count(others, 'recipient')} yourself.")
    button = f"Announce to {count(len(names), 'partner')}" if names else "Record recall"
    return ask_confirmation(
        page, Question("Announce this recall?", effects, button, "Back to the form", NEW), back_to_form=True
    )


async def _show(
    page: PageRequest,
    recalled: Recalled,
    fields: PageForm,
    *,
    errors: FormErrors | None = None,
    status: int | None = None,
) -> Response[str]:
    """The form. What it concerns may not be found this time: what was typed is kept all the same."""
    errors, impact = errors or FormErrors(), None
    for fault in recalled.faults:
        errors.add(FIELD, fault)
    try:
        impact = await _read_impact(page, recalled)
        if impact is not None and (unknown := recalled.unknown(impact)):
            errors = errors or unknown
            impact = impact if impact.items else None
    except InvalidRequest as error:
        errors = errors or _of_items(error)
    except RateLimitExceeded as error:
        errors, status = errors or wait_for_budget(error), status or error.status
    was_sent = fields.has("reason")
    return render(
        page,
        "recall_new.html",
        status=status or (422 if errors else 200),
        recalled=recalled,
        impact=impact,
        connected=await _connected(page, impact) if impact else set(),
        filled=_filled(fields, recalled),
        chosen=fields.all("partner"),
        # Whoever was offered and is not chosen; a recipient of an item that was added is chosen.
        declined=set(fields.items("offered")) - set(fields.all("partner")),
        offered=fields.text("offered"),
        listed=fields.text(LISTED) if impact is None else recalled.listed,
        key=page.form.key_or_new(),
        was_sent=was_sent,
        shown_items=SHOWN_ITEMS,
        most=MAX_ITEMS,
        short_uri=short_uri,
        names=await _names(page, impact, recalled) if impact else None,
        example=EXAMPLE,
        errors=errors,
    )


async def _names(page: PageRequest, impact: JointImpact, recalled: Recalled) -> RecallNames:
    given = {one.gtin: one.product_name for one in impact.products if one.product_name}
    theirs = names_of(recalled.notice.item_details) if recalled.notice else {}
    places = {one.place for one in impact.places[:MAX_PLACES]} | {one.place for one in impact.items[:SHOWN_ITEMS]}
    return await recall_names(page, (one.gtin for one in impact.products), theirs | given, places)


def _of_items(error: InvalidRequest) -> FormErrors:
    return FormErrors([(FIELD, error.description)])


def _filled(fields: PageForm, recalled: Recalled) -> dict[str, Any]:
    """A recall that passes a notice on begins with its words."""
    filled = {"reason": fields.text("reason"), "instructions": fields.text("instructions")}
    if recalled.notice and not fields.has("reason"):
        filled = {"reason": recalled.notice.reason, "instructions": recalled.notice.instructions or ""}
    return filled
