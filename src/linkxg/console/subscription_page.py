"""`/events/subscriptions/{id}`: the status of its deliveries; resumes, tests, deletes, has what was not delivered."""

import asyncio

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.audit_log import EXPORTS
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.event_queries import SUBSCRIPTIONS, WRITERS
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.pages import download, redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.subscription_words import format_in_words, schedule_in_words, shown_address, state_in_words
from linkxg.errors import Conflict, InvalidRequest, NotFound, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.epcis.subscriptions.manage_subscriptions import (
    find_subscription,
    host_of,
    resume_subscription,
    unsubscribe,
)
from linkxg.network.epcis.subscriptions.model import Subscription, TestDelivery
from linkxg.network.epcis.subscriptions.prepare_delivery import document_of, find_dead_letter
from linkxg.network.epcis.subscriptions.send_test_delivery import TEST_DELIVERIES, send_test_delivery
from linkxg.network.epcis.subscriptions.subscribe import SUBSCRIPTIONS as BUDGET

SUBSCRIPTION = f"{SUBSCRIPTIONS}/{{subscription_id:str}}"


@get(SUBSCRIPTION, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], subscription_id: FromPath[str]) -> Response[str]:
    return await _show(page, subscription_id)


@get(f"{SUBSCRIPTION}/delivery", **session_roles(EVERYONE))
async def delivery(page: NamedDependency[PageRequest], subscription_id: FromPath[str]) -> Response[str]:
    """The document that could not be delivered. Raises NotFound if there is none."""
    await page.services.limits.spend(EXPORTS, page.account_id)
    prepared = await page.database.read(find_dead_letter, page.account_id, subscription_id)
    if prepared is None or prepared.delivery is None:
        raise NotFound
    body = await asyncio.to_thread(document_of, prepared, prepared.delivery)
    return download(page, body.decode(), "application/json", "delivery.json")


@post(SUBSCRIPTION, **session_roles(WRITERS))
async def act(page: NamedDependency[PageRequest], subscription_id: FromPath[str]) -> Response[str]:
    """Resumes, tests or deletes it."""
    found, _ = await find_subscription(page.database, page.account_id, subscription_id)
    acts = {"resume": _resume, "test": _test, "delete": _delete}
    if page.form.text("act") not in acts:
        raise InvalidRequest("Choose an action.")
    return await acts[page.form.text("act")](page, found)


HANDLERS = (show, delivery, act)


async def _resume(page: PageRequest, found: Subscription) -> Response[str]:
    asking = await ask_step_up(page, "resume the subscription", back=lambda: _show(page, found.id))
    if asking is not None:
        return asking
    try:
        await page.services.limits.spend(BUDGET, caller_key(page.account_id, page.person.user_id))
    except RateLimitExceeded as error:
        return await _show(page, found.id, errors=wait_for_budget(error), status=error.status)
    await resume_subscription(
        page.services.subscriptions, page.actor, page.account_id, found.query_name, found.id,
        page.form.idempotency_key,
    )  # fmt: skip
    message = "Resumed. It goes on where it stopped, on your behalf."
    return redirect(page, f"{SUBSCRIPTIONS}/{found.id}", **flash_message(page, message))


async def _test(page: PageRequest, found: Subscription) -> Response[str]:
    asking = await ask_step_up(page, "send a test delivery", back=lambda: _show(page, found.id))
    if asking is not None:
        return asking
    try:
        await page.services.limits.spend(TEST_DELIVERIES, caller_key(page.account_id, page.person.user_id))
        tested = await send_test_delivery(
            page.services.subscriptions, page.actor, page.account_id, found.query_name, found.id
        )
    except RateLimitExceeded as error:
        return await _show(page, found.id, errors=wait_for_budget(error), status=error.status)
    except Conflict as error:
        return await _show(page, found.id, errors=FormErrors([("act", error.description)]), status=error.status)
    return await _show(page, found.id, tested=tested)


async def _delete(page: PageRequest, found: Subscription) -> Response[str]:
    if not confirmed(page):
        effects = [
            f"No events are posted to {host_of(found.dest)} any more; a delivery in progress may still arrive.",
            "What has not been delivered stays among the events.",
        ]
        question = Question("Delete this subscription?", effects, "Delete subscription", "Keep it", page.path)
        return ask_confirmation(page, question)
    await unsubscribe(page.database, page.actor, page.account_id, found.query_name, found.id)
    return redirect(page, SUBSCRIPTIONS, **flash_message(page, "The subscription is deleted."))


async def _show(
    page: PageRequest,
    subscription_id: str,
    *,
    errors: FormErrors | None = None,
    tested: TestDelivery | None = None,
    status: int = 200,
) -> Response[str]:
    found, under_way = await find_subscription(page.database, page.account_id, subscription_id)
    return render(
        page,
        "subscription.html",
        status=status,
        one=found,
        under_way=under_way,
        state=state_in_words(found),
        when=schedule_in_words(found),
        format=format_in_words(found),
        host=host_of(found.dest),
        dest=shown_address(found, page.scopes),
        key=page.form.key_or_new(),
        errors=errors,
        tested=tested,
    )
