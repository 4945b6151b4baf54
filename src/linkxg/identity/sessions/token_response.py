"""The access token of a session, and the answer to a sign-in or refresh."""

from typing import Any

from linkxg.http.body_style import BodyStyle
from linkxg.http.route_declaration import Tag
from linkxg.identity.sessions.login import SessionTokens
from linkxg.identity.sessions.model import SessionIdentity, SessionUser, SignedIn
from linkxg.identity.tokens.mint import Minted, Minter
from linkxg.identity.tokens.scopes import ROLE_SCOPES, format_scope

PEOPLE_TAG = Tag("People", "Signing in and out, sessions, password.")
PEOPLE: dict[str, Any] = {"tags": [PEOPLE_TAG], "style": BodyStyle.SIGN_IN}
"""The declarations that the routes of sign-ins share."""
_SCOPES = {role: format_scope(scopes) for role, scopes in ROLE_SCOPES.items()}


def token_response(minter: Minter, tokens: SessionTokens) -> tuple[SignedIn, str]:
    """(the answer, the id of its access token)."""
    session, minted = tokens.session, mint_for(minter, tokens.session)
    user = SessionUser(session.user_id, session.email, session.role)
    return SignedIn(minted.access_token, tokens.refresh_token, "Bearer", minted.expires_in, user), minted.jti


def mint_for(minter: Minter, session: SessionIdentity) -> Minted:
    """An access token of the session, with the scopes of the role."""
    return minter.for_user(
        session.user_id,
        session.account_id,
        _SCOPES[session.role],
        session.epoch,
        session.session_id,
        session.role,
        session.amr.split(" ") if session.amr else None,
        session.authenticated_at // 1_000,
        session.ends_at // 1_000,
    )
