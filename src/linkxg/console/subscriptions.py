"""`/events/subscriptions`: the subscriptions and named queries of the account; subscribes to a query."""

import secrets

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.clock import rfc3339
from linkxg.console.event_queries import SUBSCRIPTIONS, WRITERS
from linkxg.console.event_search import NO_DAY, start_of_day
from linkxg.console.form_errors import FormErrors, of_details, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.query_in_words import query_in_words
from linkxg.console.step_up import ask_step_up
from linkxg.console.subscription_words import DEFAULT_WHEN, FORMATS, HOURS, WHEN, schedule_in_words, state_in_words
from linkxg.crypto.secrets import derive
from linkxg.errors import Conflict, NotFound, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.epcis.documents.urn import EpcFormat
from linkxg.network.epcis.query.named_queries import list_named_queries
from linkxg.network.epcis.query.named_query_model import MAX_QUERIES
from linkxg.network.epcis.subscriptions.errors import SubscriptionControlsException
from linkxg.network.epcis.subscriptions.mails import mail_subscribed
from linkxg.network.epcis.subscriptions.manage_subscriptions import host_of, list_all_subscriptions
from linkxg.network.epcis.subscriptions.model import MAX_SUBSCRIPTIONS, RequestedSubscription, Schedule
from linkxg.network.epcis.subscriptions.subscribe import SUBSCRIPTIONS as BUDGET
from linkxg.network.epcis.subscriptions.subscribe import check_dest, subscribe

NEW = f"{SUBSCRIPTIONS}/new"
_FIELDS = {"dest": "dest", "queryName": "query", "initialRecordTime": "since", "schedule": "when", "stream": "when"}
"""The form's field for each member of the API."""


@get(SUBSCRIPTIONS, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    found = await list_all_subscriptions(page.database, page.account_id)
    queries, _ = await list_named_queries(page.database, page.account_id, after="", limit=MAX_QUERIES)
    return render(
        page,
        "subscriptions.html",
        found=found,
        queries=queries,
        subscribed={one.query_name for one in found},
        is_full=len(found) >= MAX_SUBSCRIPTIONS,
        most=MAX_SUBSCRIPTIONS,
        state_of=state_in_words,
        when_of=schedule_in_words,
        words_of=query_in_words,
        host_of=host_of,
    )


@get(NEW, **session_roles(WRITERS))
async def new(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _form(page)


@post(NEW, **session_roles(WRITERS))
async def create(page: NamedDependency[PageRequest]) -> Response[str]:
    """The answer shows the secret, once."""

    async def back() -> Response[str]:
        return await _form(page)

    asking = await ask_step_up(page, "subscribe to the events", back=back)
    if asking is not None:
        return asking
    given, errors = _read(page)
    if errors:
        return await _form(page, errors)
    name = page.form.text("query")
    epc_format: EpcFormat = next((one for one in FORMATS if one == page.form.text("format")), "Always_GS1_Digital_Link")
    try:
        await page.services.limits.spend(BUDGET, caller_key(page.account_id, page.person.user_id))
        # Submitting the form twice subscribes once, and shows the same secret.
        made, replayed = await subscribe(
            page.services.subscriptions, page.actor, page.account_id, name, given, epc_format,
            page.form.idempotency_key,
        )  # fmt: skip
    except SubscriptionControlsException as error:
        return await _form(page, of_details(error, _FIELDS))
    except NotFound as error:
        return await _form(page, FormErrors([("query", error.description)]))
    except Conflict as error:
        return await _form(page, whole_form(error.description), status=409)
    except RateLimitExceeded as error:
        return await _form(page, wait_for_budget(error), status=error.status)
    if not replayed:
        mail_subscribed(page.services.notices, page.actor, page.account_id, made, page.services.public_url)
    return render(page, "subscription_secret.html", made=made, secret=given.secret, host=host_of(made.dest))


HANDLERS = (listing, new, create)


def _read(page: PageRequest) -> tuple[RequestedSubscription, FormErrors]:
    form, errors = page.form, FormErrors()
    if not form.text("query"):
        errors.add("query", "Choose the query whose events are posted.")
    if not form.text("dest").strip():
        errors.add("dest", "Enter the address of the receiver.")
    else:
        try:
            check_dest(form.text("dest").strip(), page.services.subscriptions.receivers.may_connect)
        except SubscriptionControlsException as error:
            errors.add("dest", of_details(error, _FIELDS).message("dest"))
    if form.text("when") not in WHEN:
        errors.add("when", "Choose when events are posted.")
    since = None
    if day := form.text("since").strip():
        since = start_of_day(day, page.person.time_zone)
        if since is None:
            errors.add("since", NO_DAY)
    schedule = None
    if form.text("when") == "hourly":
        schedule = Schedule(minute="0")
    elif form.text("when") == "daily":
        hour = form.text("hour")
        schedule = Schedule(minute="0", hour=hour if hour in HOURS else "0")
    given = RequestedSubscription(
        form.text("dest").strip(),
        secret=_secret(page),
        stream=schedule is None,
        schedule=schedule,
        initial_record_time=None if since is None else rfc3339(since),
        report_if_empty=schedule is not None and form.text("empty") == "yes",
    )
    return given, errors


def _secret(page: PageRequest) -> str:
    """The same for the same form: it is stored only sealed, and a form that is sent twice shows it twice."""
    key = page.form.idempotency_key or secrets.token_hex(16)
    person = page.person
    return derive(page.services.server_key, "console subscription", person.account_id, person.user_id, key).hex()


async def _form(page: PageRequest, errors: FormErrors | None = None, *, status: int = 422) -> Response[str]:
    typed = page.form if page.form.pairs else page.query
    queries, _ = await list_named_queries(page.database, page.account_id, after="", limit=MAX_QUERIES)
    names = ("query", "dest", "when", "hour", "since", "empty", "format")
    return render(
        page,
        "subscription_new.html",
        status=status if errors else 200,
        queries=[one.name for one in queries],
        filled={name: typed.text(name) for name in names} | ({} if page.form.pairs else {"when": DEFAULT_WHEN}),
        when=WHEN,
        hours=HOURS,
        formats=FORMATS,
        zone=page.person.time_zone,
        key=page.form.key_or_new(),
        errors=errors,
    )
