"""`/identifiers`: validates GS1 identifiers."""

from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from linkxg.audit.model import actor_of
from linkxg.catalog.identifiers.model import CheckedIdentifier, Identifiers
from linkxg.catalog.identifiers.validate import validate_all
from linkxg.db import Database
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of


@post(
    "/identifiers/validate",
    operation_id="validateIdentifiers",
    tags=["Products"],
    status_code=200,
    response_headers=[REPLAYED],
    **scope("products:read"),
)
async def validate_identifiers(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    data: JSONBody[Identifiers],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[list[CheckedIdentifier]]]:
    """Check up to 1,000 GTINs, GLNs, SSCCs, Digital Links and EPC URNs.

    An invalid identifier is a result, not an error; a valid one is returned in its normal form.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    checked = await validate_all(database, actor, account_id, data, idempotency_key)
    return Response(Success(data=checked.value), headers=replay(checked.replayed))


def router(database: Database) -> Router:
    return Router(
        "/",
        route_handlers=[validate_identifiers],
        dependencies={"database": Provide(lambda: database, sync_to_thread=False)},
    )
