"""An Owner removes the factors of somebody who has lost them."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import AccessDenied, Conflict, NotFound, PublicError
from linkxg.identity.accounts.mail_text import label_of
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.next_epoch import begin_next_epoch
from linkxg.identity.accounts.notice_kinds import FACTORS_RESET
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.factors.kinds import delete_factors


async def reset_factors(
    database: Database, notices: SecurityNotices, actor: Actor, account_id: str, user_id: str
) -> None:
    """Remove every factor and recovery code of a person, and end their sessions and unfinished sign-ins.

    Raises NotFound, AccessDenied unless the actor is an Owner, or Conflict for the actor's own factors.
    """

    def unit(conn: Connection) -> User | PublicError:
        if actor.role != "OWNER":
            return AccessDenied("Only an Owner can reset the second factors of a person.")
        if user_id == actor.id:
            return Conflict(
                "Remove your own factors one by one, under Sign-in security or with DELETE /auth/factors/{id}."
            )
        lock_caller(conn, user_id)
        user = find_user(conn, account_id, user_id)
        if user is None:
            return NotFound()
        deleted = delete_factors(conn, account_id, user_id)
        begin_next_epoch(conn, account_id, user_id, "factors reset")
        audit.record(conn, account_id, actor, "factors.reset", user_id, {"factors": deleted})
        return user

    user = value_or_raise(await revoke_as(database, actor, account_id, unit))
    what = "An Owner of your account removed your second factors and recovery codes. Your sessions have ended."
    subject = "Second factors reset"
    notices.person(actor, account_id, user_id, subject, what, kind=FACTORS_RESET)
    what = f"An Owner removed the second factors and recovery codes of {label_of(user)}."
    # A person who is disabled gets no mail, and is no Owner who does.
    notices.owners(actor, account_id, subject, what, kind=FACTORS_RESET, besides=user.email)
