"""Records in a session that its person was authenticated again, or by a further factor."""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.identity.sessions import store
from linkxg.identity.sessions.model import SessionIdentity


def record_authentication(conn: Connection, account_id: str, session_id: str, amr: tuple[str, ...]) -> None:
    """Inside a unit of work for the session's person: authenticated now, by these methods (RFC 8176)."""
    store.update_authentication(conn, account_id, session_id, authenticated_at=now_ms(), amr=" ".join(amr))


def find_identity(conn: Connection, account_id: str, session_id: str) -> SessionIdentity | None:
    """A session with its person, for the next access token; None also for one that has expired."""
    session = store.find_session(conn, session_id)
    if session is None or session.account_id != account_id or session.expires_at <= now_ms():
        return None
    person = store.find_person(conn, session.user_id, session.user_epoch)
    return None if person is None else store.session_identity(session, person)
