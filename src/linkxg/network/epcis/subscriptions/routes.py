"""`/epcis/queries/{name}/subscriptions`: the events of a named query are posted to an address (EPCIS 2.0 §12.6)."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict, InvalidRequest, NotAcceptable, NotFound
from linkxg.http.headers import REPLAYED, IdempotencyKey, header, replay
from linkxg.http.permissions import RecentAuthentication, any_caller, scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.epcis.discovery_endpoint import allowed_methods, discovery, epcis_router
from linkxg.network.epcis.gs1_headers import DISCOVERY
from linkxg.network.epcis.http_pages import (
    DEFAULT_PER_PAGE,
    PAGED,
    PATH,
    PageToken,
    PerPage,
    next_page,
    open_token,
    parameters_of,
    read_segment,
)
from linkxg.network.epcis.query.events_response import EpcFormatHeader
from linkxg.network.epcis.scopes import CHANGE_SCOPE, SCOPE
from linkxg.network.epcis.subscriptions.mails import mail_subscribed
from linkxg.network.epcis.subscriptions.manage_subscriptions import (
    SubscriptionServices,
    list_subscriptions,
    read_subscription,
    resume_subscription,
    unsubscribe,
    without_address,
)
from linkxg.network.epcis.subscriptions.model import RequestedSubscription, Subscription, TestDelivery
from linkxg.network.epcis.subscriptions.send_test_delivery import TEST_DELIVERIES, send_test_delivery
from linkxg.network.epcis.subscriptions.subscribe import SUBSCRIPTIONS, subscribe

TAG = Tag("EPCIS subscriptions", "Named queries whose events are posted to an address, signed and in order.")
_ALL = "/epcis/queries/{query_name:str}/subscriptions"
_ONE = f"{_ALL}/{{subscription_id:str}}"


@post(
    _ALL,
    operation_id="subscribeToEpcisQuery",
    errors=(Conflict, InvalidRequest, NotAcceptable, NotFound),
    response_headers=[header("Location", "The address of the subscription."), REPLAYED],
    **scope(CHANGE_SCOPE, SUBSCRIPTIONS, also=SCOPE, recent=RecentAuthentication.IF_REQUIRED),
)
async def create(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    data: JSONBody[RequestedSubscription],
    epc_format: EpcFormatHeader = "Always_GS1_Digital_Link",
    idempotency_key: IdempotencyKey = None,
) -> Response[Subscription]:
    """Subscribe to a named query: its events are posted to `dest`.

    With `stream` as soon as they are captured, with a `schedule` when it says so; from `initialRecordTime` on, by
    default from now on. Deliveries are signed with `signatureToken`, and run on behalf of whoever subscribes.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    name = read_segment(query_name)
    made = await subscribe(services, actor, account_id, name, data, epc_format, idempotency_key)
    if not made.replayed:
        mail_subscribed(services.notices, actor, account_id, made.value, services.public_url)
    location = f"{services.public_url}{PATH}/queries/{name}/subscriptions/{made.value.id}"
    return Response(made.value, headers={"Location": location, **replay(made.replayed)})


@get(_ALL, operation_id="listEpcisSubscriptions", errors=(NotAcceptable, NotFound), response_headers=PAGED,
     **scope(SCOPE))  # fmt: skip
async def listing(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    per_page: PerPage = DEFAULT_PER_PAGE,
    token: PageToken = None,
) -> Response[list[Subscription]]:
    """The subscriptions of a named query, the oldest first.

    Without `imports:write`, `dest` has only the scheme and the host of the receiver.
    """
    account_id, name = account_id_of(request.scope), read_segment(query_name)
    filters = {"list": "epcis subscriptions", "account": account_id, "query": name}
    after = (open_token(services, token, filters) or [""])[0]
    found, more = await list_subscriptions(services.database, account_id, name, after=after, limit=per_page)
    position = [found[-1].id] if more else None
    headers = next_page(request, services, parameters_of(request), position, filters, per_page=per_page)
    return Response([_shown(request, one) for one in found], headers=headers)


@get(_ONE, operation_id="readEpcisSubscription", errors=(NotAcceptable, NotFound), **scope(SCOPE))
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    subscription_id: FromPath[str],
) -> Response[Subscription]:
    """A subscription and the status of its deliveries.

    Without `imports:write`, `dest` has only the scheme and the host of the receiver.
    """
    account_id = account_id_of(request.scope)
    found = await read_subscription(services.database, account_id, read_segment(query_name), subscription_id)
    return Response(_shown(request, found))


@post(
    f"{_ONE}/resume",
    operation_id="resumeEpcisSubscription",
    status_code=200,
    errors=(NotAcceptable, NotFound),
    response_headers=[REPLAYED],
    **scope(CHANGE_SCOPE, SUBSCRIPTIONS, also=SCOPE, recent=RecentAuthentication.IF_REQUIRED),
)
async def resume(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    subscription_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Subscription]:
    """Resume a subscription that has failed or is paused, or retry it now.

    It goes on where it stopped, on behalf of whoever resumes it.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    resumed = await resume_subscription(
        services, actor, account_id, read_segment(query_name), subscription_id, idempotency_key
    )
    return Response(resumed.value, headers=replay(resumed.replayed))


@post(
    f"{_ONE}/test",
    operation_id="testEpcisSubscription",
    status_code=200,
    errors=(Conflict, NotAcceptable, NotFound),
    **scope(CHANGE_SCOPE, TEST_DELIVERIES, also=SCOPE, recent=RecentAuthentication.IF_REQUIRED),
)
async def test(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    subscription_id: FromPath[str],
) -> Response[TestDelivery]:
    """Send a test delivery without events, and see what the receiver answers.

    It is signed as deliveries are, and has the header field `LinkXG-Test: true`. Nothing of the subscription changes,
    whatever its state; of the answer only the status is read.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    tested = await send_test_delivery(services, actor, account_id, read_segment(query_name), subscription_id)
    return Response(tested)


@delete(_ONE, operation_id="deleteEpcisSubscription", status_code=204, errors=(NotAcceptable, NotFound),
        **scope(CHANGE_SCOPE))  # fmt: skip
async def remove(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    subscription_id: FromPath[str],
) -> None:
    """End a subscription. A delivery in progress may still arrive."""
    actor = actor_of(context_of(request.scope))
    await unsubscribe(services.database, actor, account_id_of(request.scope), read_segment(query_name), subscription_id)


@route(_ONE, http_method="OPTIONS", status_code=204, include_in_schema=False, **any_caller())
async def describe(
    request: Request[Any, Any, Any],
    services: NamedDependency[SubscriptionServices],
    query_name: FromPath[str],
    subscription_id: FromPath[str],
) -> Response[None]:
    """The methods and versions of a subscription, and the least record time of what it has still to deliver."""
    account_id = account_id_of(request.scope)
    found = await read_subscription(services.database, account_id, read_segment(query_name), subscription_id)
    return Response(
        None,
        status_code=204,
        headers={"Allow": allowed_methods(request), "GS1-Query-Min-Record-Time": found.min_record_time, **DISCOVERY},
    )


def _shown(request: Request[Any, Any, Any], one: Subscription) -> Subscription:
    return one if CHANGE_SCOPE in context_of(request.scope).principal.scopes else without_address(one)


def router(services: SubscriptionServices) -> Router:
    handlers = [
        create,
        listing,
        read,
        resume,
        test,
        remove,
        describe,
        discovery(_ALL),
        discovery(f"{_ONE}/resume"),
        discovery(f"{_ONE}/test"),
    ]
    return epcis_router(services, handlers, TAG)
