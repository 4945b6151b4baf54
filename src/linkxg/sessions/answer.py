"""The answer to a sign-in or refresh."""

from linkxg.sessions.login import Started
from linkxg.sessions.model import SessionUser, SignedIn
from linkxg.tokens.mint import Minter
from linkxg.tokens.model import LIFETIME_S
from linkxg.tokens.scopes import ROLE_SCOPES, format_scope
from linkxg.web.declaration import Tag

PEOPLE = Tag("People", "Signing in and out, sessions, password.")
_SCOPES = {role: format_scope(scopes) for role, scopes in ROLE_SCOPES.items()}


def signed_in(minter: Minter, started: Started) -> tuple[SignedIn, str]:
    """(the answer, the id of its access token). The token carries the scopes of the role."""
    session = started.session
    minted = minter.for_user(
        session.user_id,
        session.account_id,
        _SCOPES[session.role],
        session.epoch,
        session.session_id,
        session.role,
    )
    user = SessionUser(session.user_id, session.email, session.role)
    return SignedIn(minted.access_token, started.refresh_token, "Bearer", LIFETIME_S, user), minted.jti
