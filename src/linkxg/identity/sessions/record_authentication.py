"""Records in a session that its person was authenticated again, or by a further factor."""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.errors import InsufficientUserAuthentication, InvalidCredentials, InvalidToken, PublicError
from linkxg.identity.accounts.authentication_policy import FEDERATED, MFA, RECENT_MS, is_multi_factor
from linkxg.identity.federation.sso_only import password_allowed
from linkxg.identity.sessions import store
from linkxg.identity.sessions.model import SessionIdentity


def record_authentication(conn: Connection, account_id: str, session_id: str, amr: tuple[str, ...]) -> None:
    """Inside a unit of work for the session's person: authenticated now, by these methods (RFC 8176).

    Without a second factor, the session ends when one is required.
    """
    store.update_authentication(conn, account_id, session_id, authenticated_at=now_ms(), amr=" ".join(amr))
    identity = None if is_multi_factor(amr) else find_session_identity(conn, account_id, session_id)
    person = None if identity is None else store.find_person(conn, identity.user_id, identity.epoch)
    if person is not None and person.required_from is not None:
        store.limit_session(conn, account_id, session_id, person.required_from)


def find_session_identity(conn: Connection, account_id: str, session_id: str) -> SessionIdentity | None:
    """A live session with its person, for the next access token."""
    session = store.find_live_session(conn, account_id, session_id, now_ms())
    if session is None:
        return None
    person = store.find_person(conn, session.user_id, session.user_epoch)
    return None if person is None else store.session_identity(session, person)


def refuse_step_up(conn: Connection, account_id: str, session_id: str, amr: tuple[str, ...]) -> PublicError | None:
    """Why these methods do not authenticate the session's person again, by the rules of a sign-in.

    The session must be live, the account must permit own credentials, and require no factor that was not used.
    """
    now = now_ms()
    session = store.find_live_session(conn, account_id, session_id, now)
    person = None if session is None else store.find_person(conn, session.user_id, session.user_epoch)
    if session is None or person is None:
        return InvalidToken(reason="session ended")
    if FEDERATED not in amr and not password_allowed(conn, account_id, session.user_id):
        return InvalidCredentials(reason="single sign-on only")
    if is_multi_factor(amr):
        return None
    if person.has_second_factor or (person.required_from is not None and person.required_from <= now):
        return InsufficientUserAuthentication(RECENT_MS // 1_000, MFA)
    return None
