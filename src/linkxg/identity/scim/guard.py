"""The guard of `/scim/v2`: a bearer token of an identity provider opens it, and nothing else (RFC 7644 §2)."""

from typing import Any, NamedTuple

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import AccessDenied, InvalidToken, MissingToken
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import CALLER_BUDGET
from linkxg.http.rate_budgets import caller_key
from linkxg.http.rate_limits import Budget, Limits
from linkxg.http.request_context import RequestContext, context_of
from linkxg.identity.scim.authenticate import ScimCaller, authenticate

TOKEN_REQUESTS = Budget("scim-token", 3_000, 60)
CREATIONS = Budget("scim-creations", 2_000, 3_600)
SOURCE_FAILURES = Budget("scim-failures-source", 100, 60)
MAX_TOKEN = 256
ACTOR_ROLE = "ADMIN"
"""What an identity provider may do to people is what an Admin may."""
_SCOPE_KEY = "linkxg.scim"


class ScimRequest(NamedTuple):
    """The authenticated identity provider, as the actor of its writes."""

    actor: Actor
    account_id: str


class ScimGuard:
    """Counts failures per source, calls per token, and creations per account."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        if not route.opt.get("scim_token"):
            raise AccessDenied(reason="the route declares no permission")
        context = context_of(connection.scope)
        context.route = connection.scope.get("path_template") or context.route
        caller = await self._authenticate(context)
        await self._limits.spend(TOKEN_REQUESTS, caller_key(caller.account_id, caller.token_id))
        creations: Budget | None = route.opt.get(CALLER_BUDGET)
        if creations is not None:
            # Of the account: another token is no further budget.
            await self._limits.spend(creations, caller.account_id)
        actor = Actor(
            kind="scim",
            id=caller.token_id,
            account_id=caller.account_id,
            source=context.source,
            request_id=context.request_id,
            role=ACTOR_ROLE,
            label=caller.name,
        )
        connection.scope[_SCOPE_KEY] = ScimRequest(actor, caller.account_id)  # type: ignore[literal-required]

        async def authorise_again() -> None:
            await self._authenticate(context)

        context.authorise_again = authorise_again

    async def _authenticate(self, context: RequestContext) -> ScimCaller:
        try:
            caller = await authenticate(self._database, _bearer_token(context))
        except InvalidToken as error:
            context.notes["reason"] = error.reason
            # Counted after the look-up: a provider serves many companies from one address, and the failures of one must
            # not lock out the others.
            await self._limits.spend(SOURCE_FAILURES, source_key(context.source))
            raise
        context.notes |= {"account_id": caller.account_id, "sub": caller.token_id}
        return caller


def scim_request_of(scope: Any) -> ScimRequest:
    found: ScimRequest = scope[_SCOPE_KEY]
    return found


def _bearer_token(context: RequestContext) -> str:
    authorization = context.header(b"authorization")
    scheme, _, token = (authorization or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip(b" "):
        raise MissingToken("A SCIM token is required.")
    # A longer one is none, and costs as much.
    return token.strip(b" ")[:MAX_TOKEN].decode("latin-1")
