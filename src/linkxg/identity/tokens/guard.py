"""The guard that authenticates and authorises every request to the router.

Deny by default: a route without a declared permission is closed to everybody, and a test fails. The caller is
authenticated before the body is read, so that errors about a body are no oracle for strangers, and again afterwards: a
revocation may happen while a slow body arrives.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from linkxg.db.idempotency import read_key
from linkxg.errors import (
    AccessDenied,
    CertificateRequired,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    MissingToken,
    ProofRequired,
    PublicError,
    RateLimitExceeded,
    RejectedDpopProof,
)
from linkxg.http.body_style import BodyStyle, style_of
from linkxg.http.etags import refuse_if_match
from linkxg.http.forms import refuse_unknown
from linkxg.http.permissions import (
    CALLER_BUDGET,
    IGNORES_QUERY,
    RECENT,
    REFUSED_BY_HANDLER,
    SCOPE_IF_ANY,
    SOURCE_BUDGET,
    RecentAuthentication,
    scopes_of,
)
from linkxg.http.query_params import query_names, takes_idempotency_key
from linkxg.http.rate_budgets import Budgets, defer_refusal
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import RequestContext, context_of
from linkxg.identity.sender_constraint.check_sender import SenderConstraint
from linkxg.identity.tokens.model import Confirmation, Principal
from linkxg.identity.tokens.verify import RevokedToken, Verifier

_UNBOUND = Confirmation()


class Guard:
    """The guard of all routes.

    `on_call` is called with every authorised caller and the required scope, `on_rejected` for rejected requests with a
    token of this server. `require_recent` raises the error of a person whose authentication is too old for a route that
    declares `recent`. A route's budgets are spent once per request, before its body is read.
    """

    def __init__(
        self,
        verifier: Verifier,
        on_call: Callable[[Principal, str | None], None],
        on_rejected: Callable[[Principal, RequestContext, PublicError], None],
        budgets: Budgets,
        require_recent: Callable[[Principal, RecentAuthentication], Awaitable[None]],
        senders: SenderConstraint,
    ) -> None:
        self._senders = senders
        self._verifier = verifier
        self._on_call = on_call
        self._on_rejected = on_rejected
        self._budgets = budgets
        self._require_recent = require_recent

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        opt = route.opt
        if name := opt.get(SCOPE_IF_ANY):
            # With a token, the route is as one that requires the scope.
            is_stranger = context_of(connection.scope).header(b"authorization") is None
            opt = opt if is_stranger else {"scope": name}
        if (budget := opt.get(SOURCE_BUDGET)) is not None:
            await self._spend_source(budget, connection, opt)
        # Pages of the console and SCIM have guards of their own.
        if opt.get("scim_token"):
            return
        if opt.get("public") or opt.get("session_roles") or opt.get("client_authentication"):
            if style_of(opt) is not BodyStyle.PAGE:
                _refuse_unsupported(context_of(connection.scope), route)
            return
        context = context_of(connection.scope)
        context.route = connection.scope.get("path_template") or context.route
        principal = await self.admit(context, opt)
        if (recent := opt.get(RECENT)) is not None:
            await self._require_recent(principal, recent)
        _refuse_unsupported(context, route)
        if context.method == "POST" and takes_idempotency_key(route):
            read_key(context.header(b"idempotency-key"))
        if (budget := opt.get(CALLER_BUDGET)) is not None:
            await self._budgets.spend_caller(budget, principal.account_id, principal.id)

        async def authorise_again() -> None:
            # Sufficient: a reduced role or scope invalidates the token.
            self.authenticate(context)

        context.authorise_again = authorise_again

    async def admit_anybody(self, context: RequestContext, opt: Mapping[str, Any]) -> None:
        """Authorise the caller of a route that declares `public_or_scope`; a stranger spends from their budget.

        Raises what `admit` raises of a token, or RateLimitExceeded.
        """
        if context.header(b"authorization") is None:
            await self._budgets.spend_source(opt[SOURCE_BUDGET], context.source)
        else:
            await self.admit(context, {"scope": opt[SCOPE_IF_ANY]})

    async def _spend_source(
        self, budget: Budget, connection: ASGIConnection[Any, Any, Any, Any], opt: Mapping[str, Any]
    ) -> None:
        try:
            await self._budgets.spend_source(budget, context_of(connection.scope).source)
        except RateLimitExceeded as error:
            if not opt.get(REFUSED_BY_HANDLER):
                raise
            defer_refusal(connection.scope, error)

    async def admit(self, context: RequestContext, opt: Mapping[str, Any]) -> Principal:
        """The caller, authorised for a route with these options; spends from the budget of their token.

        Raises MissingToken, InvalidToken, RateLimitExceeded, InsufficientScope or AccessDenied; for a token that is
        bound to a key also RejectedDpopProof or RequiredDpopNonce.
        """
        principal = self.authenticate(context)
        if principal.confirmation is None:
            self._budgets.spend_token(principal.jti)
        else:
            await self._admit_bound(context, principal, principal.confirmation)
        if required := scopes_of(opt):
            missing = next((name for name in required if name not in principal.scopes), None)
            if missing is not None:
                error = InsufficientScope(missing)
                self._on_rejected(principal, context, error)
                raise error
        elif allowed := opt.get("roles"):
            if principal.kind == "client":
                raise AccessDenied("Only a person can do this, and the token is that of an OAuth client.")
            if principal.role not in allowed:
                raise AccessDenied
        elif not opt.get("any_caller"):
            raise AccessDenied(reason="the route declares no permission")
        self._on_call(principal, opt.get("scope"))
        return principal

    async def _admit_bound(self, context: RequestContext, principal: Principal, confirmation: Confirmation) -> None:
        if confirmation.jkt is None:
            self._budgets.spend_token(principal.jti)
            return
        try:
            proof = self._senders.verify_proof(context, confirmation.jkt)
            # After the signature, or whoever has the token could spend its budget; before the write.
            self._budgets.spend_token(principal.jti)
            await self._senders.proofs.use(principal.account_id, proof, at_resource=True)
        except (ProofRequired, RejectedDpopProof) as error:
            self._on_rejected(principal, context, error)
            raise

    def authenticate(self, context: RequestContext) -> Principal:
        """The caller of the Authorization header (RFC 6750 §2.1, RFC 9449 §7.1), whose proof `admit` verifies.

        Raises MissingToken or InvalidToken.
        """
        authorization = context.header(b"authorization")
        if authorization is None or not authorization.strip():
            raise MissingToken
        scheme, _, token = authorization.partition(b" ")
        scheme = scheme.lower()
        if scheme not in (b"bearer", b"dpop"):
            raise MissingToken(reason="another scheme")
        token = token.strip(b" ")
        if not token:
            raise InvalidRequest("The Authorization header has no token.")
        try:
            principal = self._verifier.verify(token, context.source)
            if principal.confirmation is not None or scheme != b"bearer":
                self._check_sender(context, principal, is_dpop=scheme == b"dpop")
        except InvalidToken as error:
            context.notes["reason"] = error.reason
            if isinstance(error, RevokedToken):
                self._on_rejected(error.principal, context, error)
            raise
        context.principal = principal
        notes = context.notes
        notes["account_id"] = principal.account_id
        notes["sub"] = principal.id
        notes["jti"] = principal.jti
        return principal

    def _check_sender(self, context: RequestContext, principal: Principal, *, is_dpop: bool) -> None:
        confirmation = principal.confirmation or _UNBOUND
        try:
            self._senders.check_scheme(confirmation.jkt, is_dpop=is_dpop)
            if confirmation.x5t is not None:
                self._senders.check_certificate(context, confirmation.x5t)
        except (ProofRequired, CertificateRequired) as error:
            self._on_rejected(principal, context, error)
            raise


def _refuse_unsupported(context: RequestContext, route: BaseRouteHandler) -> None:
    """Raises the errors of query parameters and conditions that the route would ignore."""
    if context.query and not route.opt.get(IGNORES_QUERY):
        refuse_unknown(context.query, query_names(route))
    refuse_if_match(context, route)


def principal_of(context: RequestContext) -> Principal:
    """The authenticated caller of a route that only callers with a token may use."""
    principal: Principal = context.principal
    return principal
