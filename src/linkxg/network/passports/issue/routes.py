"""Issues the passports of batches and items, and ends them. Those of models are issued by publishing."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import InvalidState
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.issue.issue_units import PASSPORT_ISSUES, issue_units
from linkxg.network.passports.issue.model import (
    ChangeLifeStatus,
    IssuedPassport,
    IssuePassports,
    PassportState,
    WithdrawPassport,
)
from linkxg.network.passports.issue.unit_state import Revoke, change_life_status, withdraw_passport

_WRITES: dict[str, Any] = {
    "errors": (InvalidState,),
    "response_headers": [REPLAYED],
    **scope("products:write", PASSPORT_ISSUES),
}


@dataclass(frozen=True, slots=True)
class IssueServices:
    database: Database
    revoke: Revoke


@post("/products/{product_id:str}/passports", operation_id="issuePassports", **_WRITES)
async def issue(
    request: Request[Any, Any, Any],
    services: NamedDependency[IssueServices],
    product_id: FromPath[str],
    data: JSONBody[IssuePassports],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[list[IssuedPassport]]]:
    """Issue the passports of batches and items of a published product.

    Those that exist are updated to its latest version, and say what the request says of them.
    """
    actor = actor_of(context_of(request.scope))
    account_id = account_id_of(request.scope)
    return _response(await issue_units(services.database, actor, account_id, product_id, data, idempotency_key), 201)


@post("/dpp/{passport_id:str}/withdraw", operation_id="withdrawPassport", status_code=200, **_WRITES)
async def withdraw(
    request: Request[Any, Any, Any],
    services: NamedDependency[IssueServices],
    passport_id: FromPath[str],
    data: JSONBody[WithdrawPassport],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PassportState]]:
    """Withdraw the passport of a batch or an item. It stays readable, with the reason; its signatures are revoked."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    return _response(
        await withdraw_passport(
            services.database, actor, account_id, passport_id, data, services.revoke, idempotency_key
        )
    )


@post("/dpp/{passport_id:str}/life-status", operation_id="changeLifeStatus", status_code=200, **_WRITES)
async def life_status(
    request: Request[Any, Any, Any],
    services: NamedDependency[IssueServices],
    passport_id: FromPath[str],
    data: JSONBody[ChangeLifeStatus],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PassportState]]:
    """Say what has become of a batch or an item: re-used, repurposed, remanufactured or, for good, waste."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    return _response(await change_life_status(services.database, actor, account_id, passport_id, data, idempotency_key))


def _response(outcome: IdempotentOutcome[Any], status: int = 200) -> Response[Any]:
    return Response(Success(data=outcome.value), status_code=status, headers=replay(outcome.replayed))


def router(services: IssueServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[issue, withdraw, life_status],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
