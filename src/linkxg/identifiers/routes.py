"""`/identifiers`: validates GS1 identifiers."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import check_key
from linkxg.identifiers.ask_once import ask_once
from linkxg.identifiers.model import Checked, Identifiers
from linkxg.identifiers.validate import validate
from linkxg.web.exchange import account_id_of, exchange_of
from linkxg.web.headers import REPLAYED, IdempotencyKey, replay
from linkxg.web.pages import Success
from linkxg.web.permits import scope


def routes(database: Database) -> Sequence[HTTPRouteHandler]:
    @post(
        "/identifiers/validate",
        operation_id="validateIdentifiers",
        tags=["Products"],
        status_code=200,
        response_headers=[REPLAYED],
        **scope("products:read"),
    )
    async def check(
        request: Request[Any, Any, Any], data: JSONBody[Identifiers], idempotency_key: IdempotencyKey = None
    ) -> Response[Success[list[Checked]]]:
        """Check up to 1,000 GTINs, GLNs, SSCCs, Digital Links and EPC URNs.

        An identifier that is wrong is an answer; one that is right comes with its normal form.
        """
        actor, account_id = actor_of(exchange_of(request.scope)), account_id_of(request.scope)
        replayed = await ask_once(database, actor, account_id, data, check_key(idempotency_key))
        return Response(Success(data=[validate(one) for one in data.identifiers]), headers=replay(replayed))

    return [check]
