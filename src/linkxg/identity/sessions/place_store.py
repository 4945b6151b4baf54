"""The SQL that recognises a sign-in from a new place."""

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, or_, select

from linkxg.db.compiled import CompiledStatement
from linkxg.identity.accounts.store import accounts, users
from linkxg.identity.sessions.model import KNOWN_MS, Place, SessionPerson
from linkxg.identity.sessions.store import sessions
from linkxg.ids import uuid7_at


def _same(column: str, older: str) -> ColumnElement[bool]:
    """The same place in a row without `column`, by the column that earlier versions had."""
    return and_(sessions.c[column] == "", sessions.c[older] == bindparam(older))


def _has_session(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the person has a session since `since`, an id of that time: the index has both."""
    recent = (sessions.c.user_id == users.c.id, sessions.c.id > bindparam("since"))
    return exists().where(*recent, *conditions).correlate(users)


# One statement, which a sign-in needs anyway.
_PERSON_SIGNING_IN = CompiledStatement(
    select(
        users.c.account_id,
        users.c.email,
        users.c.role,
        users.c.epoch,
        users.c.has_second_factor,
        accounts.c.mfa_requirement,
        accounts.c.mfa_required_from,
        _has_session(or_(sessions.c.network == bindparam("network"), _same("network", "source"))),
        _has_session(or_(sessions.c.device == bindparam("device"), _same("device", "user_agent"))),
        or_(users.c.created_at < bindparam("created_before"), _has_session()),
    )
    .join(accounts, accounts.c.id == users.c.account_id)
    .where(users.c.id == bindparam("user"), users.c.epoch == bindparam("epoch"), users.c.disabled.is_(False))
)


def find_person_signing_in(
    conn: Connection, user_id: str, epoch: int, place: Place, now: int
) -> tuple[SessionPerson, bool] | None:
    """As `find_person`, and whether the place is new: not seen with this person for 30 days, who is not new."""
    since = now - KNOWN_MS
    values = {"user": user_id, "epoch": epoch, "since": uuid7_at(since), "created_before": since, **place._asdict()}
    row = _PERSON_SIGNING_IN.first(conn, values)
    if row is None:
        return None
    *person, network_is_known, device_is_known, has_history = row
    return SessionPerson(*person), bool(has_history) and not (network_is_known and device_is_known)
