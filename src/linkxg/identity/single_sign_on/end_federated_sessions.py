"""Ends the sessions that a change of the connection no longer allows."""

from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db.caller_lock import lock_caller
from linkxg.identity.authorization.end_reasons import EndReason
from linkxg.identity.federation.model import IdentityProvider
from linkxg.identity.federation.store import find_unchanged, list_break_glass_owners
from linkxg.identity.sessions.end_sessions import end_session
from linkxg.identity.single_sign_on import store
from linkxg.identity.single_sign_on.store import SessionOfPerson

ENDED_BY_PROVIDER: EndReason = "by identity provider"


def end_disallowed_sessions(
    conn: Connection, actor: Actor, before: IdentityProvider | None, after: IdentityProvider | None
) -> None:
    """Inside the unit of work that changes the connection.

    The sessions of a provider that is no longer connected end, and those that began otherwise when only the provider
    may sign people in.
    """
    now = now_ms()
    if before is not None and (after is None or (before.issuer, before.client_id) != (after.issuer, after.client_id)):
        ended = store.end_federated_sessions(conn, before.account_id, before.issuer, now)
        end_all(conn, actor, before.account_id, ended, "provider changed")
    if after is not None and after.sso_only:
        kept = list_break_glass_owners(conn, after.account_id)
        others = store.list_other_sessions(conn, after.account_id, kept, now)
        end_all(conn, actor, after.account_id, others, "single sign-on only")


def end_all(
    conn: Connection, actor: Actor, account_id: str, ended: Iterable[SessionOfPerson], reason: EndReason
) -> int:
    """End these sessions and their tokens; returns how many had not ended. Locks people in the order of their ids."""
    count = 0
    for one in sorted(ended, key=lambda one: (one.user_id, one.session_id)):
        lock_caller(conn, one.user_id)
        count += end_session(conn, actor, account_id, one.user_id, one.session_id, reason)
    return count


def end_if_provider_changed(
    conn: Connection, actor: Actor, provider: IdentityProvider, user_id: str, session_id: str
) -> bool:
    """Whether the session that was just started is still allowed; otherwise it ends."""
    if find_unchanged(conn, provider.account_id, provider) is not None and not store.has_ended(
        conn, provider.account_id, session_id
    ):
        return True
    end_all(conn, actor, provider.account_id, [SessionOfPerson(session_id, user_id)], ENDED_BY_PROVIDER)
    return False
