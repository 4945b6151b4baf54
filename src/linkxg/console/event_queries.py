"""`/events/queries`: saves a search as a named query; and `/events/queries/{name}`: one of them, and its end."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.event_items import place_name
from linkxg.console.event_search import FIELDS
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, of_details, wait_for_budget
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.query_in_words import query_in_words, search_of_query
from linkxg.console.query_of_search import LEVELS, chosen_level, query_of_search, search_in_words
from linkxg.console.subscription_words import shown_address
from linkxg.errors import Conflict, PublicError, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.tokens.scopes import ROLE_SCOPES
from linkxg.network.epcis.errors import (
    ImplementationException,
    QueryParameterException,
    QueryTooComplexException,
    QueryTooLargeException,
)
from linkxg.network.epcis.query.find_events import find_events
from linkxg.network.epcis.query.named_queries import QUERIES as BUDGET
from linkxg.network.epcis.query.named_queries import create_query, delete_query, read_named, read_named_query
from linkxg.network.epcis.query.named_query_model import NamedQuery
from linkxg.network.epcis.scopes import CHANGE_SCOPE
from linkxg.network.epcis.subscriptions.manage_subscriptions import end_subscriptions, list_subscriptions
from linkxg.network.epcis.subscriptions.model import MAX_SUBSCRIPTIONS
from linkxg.network.traceability.find_names import find_names

QUERIES = "/events/queries"
SUBSCRIPTIONS = "/events/subscriptions"
WRITERS = tuple(role for role, scopes in ROLE_SCOPES.items() if CHANGE_SCOPE in scopes)
"""The rule of the API: who only reads events makes and ends neither queries nor subscriptions."""


@get(QUERIES, **session_roles(WRITERS))
async def new(page: NamedDependency[PageRequest]) -> Response[str]:
    """The search to be saved is in the address."""
    query, faults = query_of_search(page.query, page.person.time_zone)
    return await _form(page, query, FormErrors([("", message) for _, message in faults]))


@post(QUERIES, **session_roles(WRITERS))
async def create(page: NamedDependency[PageRequest]) -> Response[str]:
    query, faults = query_of_search(page.form, page.person.time_zone)
    name = page.form.text("name").strip()
    errors = FormErrors([("", message) for _, message in faults])
    if not name:
        errors.add("name", "Give the query a name.")
    if page.form.text("q").strip() and not chosen_level(page.form):
        errors.add("level", "Choose which of its items: a query finds either kind.")
    if errors:
        return await _form(page, query, errors)
    try:
        await page.services.limits.spend(BUDGET, caller_key(page.account_id, page.person.user_id))
        # Submitting the form twice creates one.
        made, _ = await create_query(
            page.database, page.actor, page.account_id, NamedQuery(name, query), page.form.idempotency_key
        )
    except (QueryParameterException, ImplementationException) as error:
        return await _form(page, query, _errors(error))
    except Conflict as error:
        return await _form(page, query, _errors(error), status=409)
    except RateLimitExceeded as error:
        return await _form(page, query, wait_for_budget(error), status=error.status)
    message = f"Saved. The query {made.name} can be subscribed to."
    if await _finds_nothing(page, made):
        message += " No event matches it so far."
    return redirect(page, f"{SUBSCRIPTIONS}/new?query={made.name}", **flash_message(page, message))


@get(f"{QUERIES}/{{query_name:str}}", **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], query_name: FromPath[str]) -> Response[str]:
    found = await read_named_query(page.database, page.account_id, query_name)
    subscriptions, _ = await list_subscriptions(
        page.database, page.account_id, query_name, after="", limit=MAX_SUBSCRIPTIONS
    )
    return render(
        page,
        "event_query.html",
        query=found,
        conditions=query_in_words(found.query),
        search=None if (search := search_of_query(found.query)) is None else urlencode(search),
        text=msgspec.json.format(msgspec.json.encode(found.query), indent=2).decode(),
        finds_nothing=await _finds_nothing(page, found),
        subscriptions=subscriptions,
        dest_of=lambda one: shown_address(one, page.scopes),
    )


@post(f"{QUERIES}/{{query_name:str}}", **session_roles(WRITERS))
async def delete(page: NamedDependency[PageRequest], query_name: FromPath[str]) -> Response[str]:
    """Deletes the query and ends its subscriptions, after a question."""
    if not confirmed(page):
        found, _ = await list_subscriptions(
            page.database, page.account_id, query_name, after="", limit=MAX_SUBSCRIPTIONS
        )
        effects = ["Clients that ask for its events by its name get 404."]
        if found:
            ends = "ends: its events are" if len(found) == 1 else "end: their events are"
            effects.append(f"{count(len(found), 'subscription')} {ends} not posted any more.")
        question = Question(f"Delete the query {query_name}?", effects, "Delete query", "Keep it", page.path)
        return ask_confirmation(page, question)
    await delete_query(page.database, page.actor, page.account_id, query_name, end_subscriptions)
    return redirect(page, SUBSCRIPTIONS, **flash_message(page, f"The query {query_name} is deleted."))


HANDLERS = (new, create, show, delete)


async def _finds_nothing(page: PageRequest, query: NamedQuery) -> bool:
    """Whether it is certain that no event matches."""
    try:
        return not (await find_events(page.database, page.account_id, read_named(query.query), at=None, limit=1)).found
    except (QueryTooComplexException, QueryTooLargeException):
        return False


def _errors(error: PublicError) -> FormErrors:
    """The parameters have no fields of their own: they come from the search."""
    return of_details(error, {"name": "name"})


async def _form(page: PageRequest, query: dict[str, Any], errors: FormErrors, *, status: int = 422) -> Response[str]:
    typed = page.form if page.form.pairs else page.query
    uri = typed.text("place").partition(":")[2]
    place = place_name(uri, await find_names(page.database, page.account_id, (), [uri] if uri else ()))
    return render(
        page,
        "event_query_new.html",
        status=status if errors else 200,
        search={name: typed.text(name) for name in FIELDS},
        conditions=search_in_words(typed, place),
        levels=LEVELS if typed.text("q").strip() else {},
        level=chosen_level(typed),
        name=typed.text("name"),
        key=page.form.key_or_new(),
        errors=errors,
    )
