"""What the endpoints of sign-in and step-up share: a session of the API that starts or is renewed, and its tokens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from linkxg.audit.model import actor_of
from linkxg.http.metrics import Metrics
from linkxg.http.request_context import RequestContext
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.sessions.login import NewSession, SessionTokens, new_api_session
from linkxg.identity.sessions.model import SessionIdentity, SignedIn
from linkxg.identity.sessions.sign_in_notices import mail_new_place
from linkxg.identity.sessions.token_response import mint_for, token_response
from linkxg.identity.tokens.mint import Minted, Minter

STEP_UP = "step_up"
"""What the metrics call the tokens of a step-up."""


@dataclass(frozen=True, slots=True)
class ApiSessions:
    server_key: bytes = field(repr=False)
    minter: Minter
    metrics: Metrics
    notices: SecurityNotices

    async def open(
        self, context: RequestContext, grant: str, start: Callable[[NewSession], Awaitable[SessionIdentity]]
    ) -> SignedIn:
        """The answer to a sign-in that `start` completes; `grant` names it in the metrics. Raises what `start` does."""
        new, refresh_token = new_api_session(self.server_key, context.user_agent)
        return self.answer(context, grant, SessionTokens(await start(new), refresh_token))

    def answer(self, context: RequestContext, grant: str, tokens: SessionTokens) -> SignedIn:
        """A new access token. The person is told by mail of a sign-in from a new place."""
        mail_new_place(self.notices, actor_of(context), tokens.session, context.user_agent)
        answer, jti = token_response(self.minter, tokens)
        self._note(context, grant, tokens.session, jti)
        return answer

    def renew(self, context: RequestContext, session: SessionIdentity) -> Minted:
        """A new access token of a session that was stepped up; its refresh token stays."""
        minted = mint_for(self.minter, session)
        self._note(context, STEP_UP, session, minted.jti)
        return minted

    def _note(self, context: RequestContext, grant: str, session: SessionIdentity, jti: str) -> None:
        context.notes |= {"sub": session.user_id, "sid": session.session_id, "jti": jti}
        self.metrics.token(grant, "issued")
