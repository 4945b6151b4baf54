"""Step-up: sensitive actions need a recent authentication (RFC 9470).

A route declares that it is sensitive (`recent`), and the guard asks here. `POST /auth/step-up` authenticates the person
of a session again, with their second factor if they have one, and issues a new access token of the same session. The
tokens of OAuth clients are not affected.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InsufficientUserAuthentication, InvalidCredentials, InvalidToken, PublicError
from linkxg.http.permissions import RecentAuthentication
from linkxg.identity.accounts.authentication_policy import MFA, is_multi_factor, longest_age
from linkxg.identity.accounts.store import find_account, find_user
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.factors.challenges import Completed
from linkxg.identity.factors.sign_in import begin_second_step
from linkxg.identity.sessions.login import PASSWORD, verify_password
from linkxg.identity.sessions.model import SessionIdentity
from linkxg.identity.sessions.record_authentication import find_session_identity, record_authentication, refuse_step_up
from linkxg.identity.tokens.model import Principal


async def require_recent(database: Database, principal: Principal, recent: RecentAuthentication) -> None:
    """Raises InsufficientUserAuthentication for a person whose authentication is too old for the account's setting.

    A change of factors always needs a recent one; and a person who has a factor must have used it.
    """
    if principal.kind != "user":
        return
    found = await database.read(_policy, principal.account_id, principal.id)
    if found is None:
        raise InvalidToken(reason="person removed")
    minutes, has_factor = found
    longest = longest_age(minutes, always=recent is RecentAuthentication.ALWAYS)
    if longest is None:
        return
    acr = MFA if has_factor else None
    is_recent = now_ms() - (principal.auth_time or 0) * 1_000 < longest
    if not is_recent or (acr is not None and not is_multi_factor(principal.amr)):
        raise InsufficientUserAuthentication(longest // 1_000, acr)


async def step_up(
    database: Database,
    passwords: Passwords,
    actor: Actor,
    principal: Principal,
    *,
    password: str,
    limit_scale: float,
) -> SessionIdentity:
    """Authenticate the caller again by their password.

    Raises as `verify_password` does, MfaRequired, or InsufficientUserAuthentication if the account requires a factor
    that the person does not have.
    """
    user = await database.read_single(find_user, principal.account_id, principal.id)
    if user is None or user.disabled:
        raise InvalidToken(reason="person removed or disabled")
    authentication = await verify_password(
        database, passwords, actor, email=user.email, password=password, limit_scale=limit_scale
    )
    verified = authentication.user
    if verified.id != principal.id:
        raise InvalidCredentials(reason="another person by now")
    if verified.has_second_factor:
        raise await begin_second_step(database, authentication, "step_up", session_id=principal.session_id)

    def unit(conn: Connection) -> SessionIdentity | PublicError:
        current = find_user(conn, principal.account_id, principal.id)
        if current is None or current.has_second_factor or current.password_hash != verified.password_hash:
            return InvalidToken(reason="changed meanwhile")
        if authentication.throttle is not None:
            authentication.throttle.clear(conn)
        return record_step_up(conn, actor, principal, PASSWORD)

    return value_or_raise(await revoke_as(database, actor, principal.account_id, unit))


async def complete_step_up(
    database: Database, actor: Actor, principal: Principal, completed: Completed
) -> SessionIdentity:
    """Record the second step of a step-up of this session. Raises InvalidToken if it has ended."""

    def unit(conn: Connection) -> SessionIdentity | PublicError:
        if completed.authentication.throttle is not None:
            completed.authentication.throttle.clear(conn)
        return record_step_up(conn, actor, principal, PASSWORD + completed.amr)

    return value_or_raise(await revoke_as(database, actor, principal.account_id, unit))


def record_step_up(
    conn: Connection, actor: Actor, principal: Principal, amr: tuple[str, ...]
) -> SessionIdentity | PublicError:
    """Inside a unit of work for the caller; returns their session, or why it is not renewed."""
    session_id = principal.session_id or ""
    if refused := refuse_step_up(conn, principal.account_id, session_id, amr):
        return refused
    record_authentication(conn, principal.account_id, session_id, amr)
    audit.record(conn, principal.account_id, actor, "session.stepped_up", session_id, {"amr": " ".join(amr)})
    return find_session_identity(conn, principal.account_id, session_id) or InvalidToken(reason="session ended")


def _policy(conn: Connection, account_id: str, user_id: str) -> tuple[int | None, bool] | None:
    account, user = find_account(conn, account_id), find_user(conn, account_id, user_id)
    return None if account is None or user is None else (account.step_up_minutes, user.has_second_factor)
