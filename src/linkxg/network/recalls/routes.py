"""`/traceability/recalls…` and `/traceability/recall-notices…`."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, InvalidState
from linkxg.http.csv_response import CSV, accepted_type, csv_response
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, header, replay
from linkxg.http.long_answer import long_answer
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import RecentAuthentication, scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.recalls.acknowledge import RECALL_ANSWERS, acknowledge_notice, record_acknowledgement
from linkxg.network.recalls.announce import RECALLS, announce_recall
from linkxg.network.recalls.csv_table import recall_table
from linkxg.network.recalls.item_details import item_details
from linkxg.network.recalls.mails import RecallMails
from linkxg.network.recalls.model import (
    AcknowledgeNotice,
    AnnounceRecall,
    ItemRecall,
    NoticeItem,
    RecallDetails,
    RecallNotice,
    WithdrawRecall,
)
from linkxg.network.recalls.read_recalls import (
    ITEM_READS,
    list_notices,
    list_recalls,
    read_notice,
    read_notice_items,
    read_notice_names,
    read_recall,
    read_recall_names,
    read_recipient_items,
)
from linkxg.network.recalls.remind import remind_recipients
from linkxg.network.recalls.withdraw import withdraw_recall
from linkxg.network.traceability.read_graph import TraceReader

TAG = Tag("Recalls", "Who received affected items, and who has acknowledged the recall, tier by tier.")
PATH, NOTICES = "/api/v1/traceability/recalls", "/api/v1/traceability/recall-notices"
_TEXT = {"type": "string"}
Waiting = Annotated[bool, QueryParameter(description="Only those that wait for your acknowledgement.")]


@dataclass(frozen=True, slots=True)
class RecallServices:
    database: Database
    reader: TraceReader
    mails: RecallMails
    cursors: Cursors
    public_url: str


@post(
    "/traceability/recalls",
    operation_id="announceRecall",
    errors=(Conflict, InvalidState),
    response_headers=[header("Location", "The address of the recall."), REPLAYED],
    **scope("connections:write", RECALLS, also="traceability:read", recent=RecentAuthentication.IF_REQUIRED),
)
async def announce(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    data: JSONBody[AnnounceRecall],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[RecallDetails]]:
    """Record a recall and notify the partners who received affected items."""
    context = context_of(request.scope)
    with long_answer(context) as answer:
        outcome = await announce_recall(
            services.reader, actor_of(context), account_id_of(request.scope), data, answer, idempotency_key
        )
    if not outcome.replayed:
        services.mails.announced(account_id_of(request.scope), outcome.value.id)
    response = _response(outcome, 201)
    response.headers["Location"] = f"{services.public_url}{PATH}/{outcome.value.id}"
    return response


@get("/traceability/recalls", operation_id="listRecalls", response_headers=[LINK], **scope("traceability:read"))
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[ItemRecall]]:
    """The recalls of the account, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "recalls", "account": account_id}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_recalls(services.database, account_id, before=before, limit=limit)
    following = services.cursors.seal([found[-1].id], filters) if more else None
    return page_response(found, following, services.public_url + PATH, limit=limit)


@get(
    "/traceability/recalls/{recall_id:str}",
    operation_id="readRecall",
    gives={CSV: _TEXT},
    **scope("traceability:read", ITEM_READS),
)
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[RecallServices], recall_id: FromPath[str]
) -> Response[Success[RecallDetails]]:
    """A recall with its recipients: who has acknowledged, tier by tier. `Accept: text/csv` for a table."""
    is_table = accepted_type(request, CSV) == CSV
    found = await read_recall(services.database, account_id_of(request.scope), recall_id, whole=is_table)
    if is_table:
        return await csv_response(recall_table, found, "recall.csv")
    return Response(Success(data=found))


@post(
    "/traceability/recalls/{recall_id:str}/withdraw",
    operation_id="withdrawRecall",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write", RECALL_ANSWERS, also="traceability:read", recent=RecentAuthentication.IF_REQUIRED),
)
async def withdraw(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    recall_id: FromPath[str],
    data: JSONBody[WithdrawRecall | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[RecallDetails]]:
    """Withdraw a recall. The recipients see it, with the reason."""
    outcome = await withdraw_recall(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        recall_id,
        data.reason if data else None,
        idempotency_key,
    )
    if not outcome.replayed:
        services.mails.withdrawn(account_id_of(request.scope), recall_id)
    return _response(outcome)


@post(
    "/traceability/recalls/{recall_id:str}/remind",
    operation_id="remindOfRecall",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write", RECALL_ANSWERS, also="traceability:read"),
)
async def remind(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    recall_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[RecallDetails]]:
    """Mail the notified partners who have not acknowledged once more; at most once in 20 hours.

    409 `invalid_state` where the service sends no mail: partners see the notice all the same.
    """
    account_id, actor = account_id_of(request.scope), actor_of(context_of(request.scope))
    outcome = await remind_recipients(
        services.database, actor, account_id, recall_id, idempotency_key, sends_mail=services.mails.enabled
    )
    if not outcome.replayed:
        services.mails.reminded(account_id, recall_id)
    return _response(outcome)


@post(
    "/traceability/recalls/{recall_id:str}/recipients/{notice_id:str}/acknowledge",
    operation_id="recordRecallAcknowledgement",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write", RECALL_ANSWERS, also="traceability:read"),
)
async def record(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    recall_id: FromPath[str],
    notice_id: FromPath[str],
    data: JSONBody[AcknowledgeNotice | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[RecallDetails]]:
    """Record that a recipient who was not notified has acknowledged."""
    outcome = await record_acknowledgement(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        recall_id,
        notice_id,
        data.note if data else None,
        idempotency_key,
    )
    return _response(outcome)


@get(
    "/traceability/recall-notices",
    operation_id="listRecallNotices",
    response_headers=[LINK],
    **scope("traceability:read"),
)
async def list_received(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    waiting: Waiting = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[RecallNotice]]:
    """The recalls of partners that concern the account, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "recall notices", "account": account_id, "waiting": waiting}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_notices(services.database, account_id, before=before, limit=limit, is_waiting=waiting)
    following = services.cursors.seal([found[-1].id], filters) if more else None
    asked = {"waiting": "true"} if waiting else {}
    return page_response(found, following, services.public_url + NOTICES, limit=limit, **asked)


@get("/traceability/recall-notices/{notice_id:str}", operation_id="readRecallNotice", **scope("traceability:read"))
async def read_received(
    request: Request[Any, Any, Any], services: NamedDependency[RecallServices], notice_id: FromPath[str]
) -> Success[RecallNotice]:
    """A recall of a partner, with the affected items that you received."""
    return Success(data=await read_notice(services.database, account_id_of(request.scope), notice_id))


@get(
    "/traceability/recalls/{recall_id:str}/recipients/{notice_id:str}/items",
    operation_id="listRecallRecipientItems",
    response_headers=[LINK],
    **scope("traceability:read", ITEM_READS),
)
async def list_recipient_items(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    recall_id: FromPath[str],
    notice_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[NoticeItem]]:
    """All affected items that a recipient received."""
    items = await read_recipient_items(services.database, account_id_of(request.scope), recall_id, notice_id)
    names = await read_recall_names(services.database, account_id_of(request.scope), recall_id)
    path = f"{PATH}/{recall_id}/recipients/{notice_id}/items"
    return _items_page(request, services, items, names, path, limit, cursor)


@get(
    "/traceability/recall-notices/{notice_id:str}/items",
    operation_id="listRecallNoticeItems",
    response_headers=[LINK],
    **scope("traceability:read", ITEM_READS),
)
async def list_notice_items(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    notice_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[NoticeItem]]:
    """All affected items that you received, of a recall of a partner."""
    items = await read_notice_items(services.database, account_id_of(request.scope), notice_id)
    names = await read_notice_names(services.database, account_id_of(request.scope), notice_id)
    return _items_page(request, services, items, names, f"{NOTICES}/{notice_id}/items", limit, cursor)


@post(
    "/traceability/recall-notices/{notice_id:str}/acknowledge",
    operation_id="acknowledgeRecallNotice",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write", RECALL_ANSWERS, also="traceability:read"),
)
async def acknowledge(
    request: Request[Any, Any, Any],
    services: NamedDependency[RecallServices],
    notice_id: FromPath[str],
    data: JSONBody[AcknowledgeNotice | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[RecallNotice]]:
    """Acknowledge a recall of a partner."""
    outcome = await acknowledge_notice(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        notice_id,
        data.note if data else None,
        idempotency_key,
    )
    return _response(outcome)


def _items_page(
    request: Request[Any, Any, Any],
    services: RecallServices,
    items: list[str],
    names: dict[str, str],
    path: str,
    limit: int,
    cursor: str | None,
) -> Response[Page[NoticeItem]]:
    filters = {"list": path, "account": account_id_of(request.scope)}
    begin = int(services.cursors.open(cursor, filters)[0]) if cursor else 0
    end = begin + limit
    following = services.cursors.seal([str(end)], filters) if end < len(items) else None
    return page_response(item_details(items[begin:end], names), following, services.public_url + path, limit=limit)


def _response(outcome: IdempotentOutcome[Any], status: int = 200) -> Response[Any]:
    return Response(Success(data=outcome.value), status_code=status, headers=replay(outcome.replayed))


def router(services: RecallServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[
            announce,
            list_all,
            read,
            withdraw,
            remind,
            record,
            list_recipient_items,
            list_received,
            read_received,
            list_notice_items,
            acknowledge,
        ],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
