"""The SQL of sign-ins in progress, and of the people and sessions that came by an identity provider."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    exists,
    func,
    select,
    tuple_,
)

from linkxg.clock import DAY
from linkxg.db.insert_once import insert_once
from linkxg.db.schema import Milliseconds, metadata
from linkxg.identity.authorization.live_session_store import is_live
from linkxg.identity.sessions.store import lock_person, sessions

federated_sign_ins = Table(
    "federated_sign_ins",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    # Of `state`, from which nonce and code verifier are derived.
    Column("digest", LargeBinary, primary_key=True),
    Column("browser_digest", LargeBinary, nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("target", String(500), nullable=False),
    Column("reauthenticates", Boolean, nullable=False),
    # Of the browser that began: none crowds out another.
    Column("network", String(50)),
    # A form that goes on afterwards, sealed, and the person who filled it in.
    Column("carried", Text),
    Column("carried_by", String(36)),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_federated_sign_ins_account_id_expires_at", "account_id", "expires_at"),
    Index("ix_federated_sign_ins_expires_at", "expires_at"),
)
federated_identities = Table(
    "federated_identities",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Index("ix_federated_identities_user_id", "user_id"),
)
federated_sessions = Table(
    "federated_sessions",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("session_id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("provider_session_id", String(255)),
    Column("created_at", Milliseconds, nullable=False),
    # By the provider or with the connection; the session itself may end earlier.
    Column("ended_at", Milliseconds),
    Index("ix_federated_sessions_account_id_subject", "account_id", "subject"),
    Index("ix_federated_sessions_user_id", "user_id"),
    Index("ix_federated_sessions_created_at", "created_at"),
)
logout_tokens = Table(
    "logout_tokens",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_logout_tokens_expires_at", "expires_at"),
)


class PendingSignIn(NamedTuple):
    """A sign-in that the browser was sent to the provider for."""

    account_id: str
    issuer: str
    target: str
    reauthenticates: bool
    carried: str | None
    expires_at: int


class SessionOfPerson(NamedTuple):
    session_id: str
    user_id: str


_PENDING = [federated_sign_ins.c[name] for name in PendingSignIn._fields]


def insert_sign_in(
    conn: Connection, account_id: str, values: dict[str, Any], *, most: int, most_of_network: int
) -> None:
    """Add a sign-in in progress; beyond the bounds of its network, and of the account, the oldest are forgotten."""
    _forget_beyond(conn, account_id, most_of_network - 1, federated_sign_ins.c.network == values["network"])
    _forget_beyond(conn, account_id, most - 1)
    conn.execute(federated_sign_ins.insert().values(account_id=account_id, **values))


def _forget_beyond(conn: Connection, account_id: str, kept: int, *such: ColumnElement[bool]) -> None:
    of = (federated_sign_ins.c.account_id == account_id, *such)
    excess = conn.execute(select(func.count()).select_from(federated_sign_ins).where(*of)).scalar_one() - kept
    if excess > 0:
        oldest = select(federated_sign_ins.c.digest).where(*of).order_by(federated_sign_ins.c.expires_at).limit(excess)
        conn.execute(federated_sign_ins.delete().where(federated_sign_ins.c.digest.in_(oldest)))


def forget_carried_forms(conn: Connection, account_id: str, user_id: str, *, kept: int, most: int) -> None:
    """Forget the forms of a person's sign-ins in progress but for the newest `kept`."""
    mine = (federated_sign_ins.c.account_id == account_id, federated_sign_ins.c.carried_by == user_id)
    newest_first = federated_sign_ins.c.expires_at.desc(), federated_sign_ins.c.digest
    older = select(federated_sign_ins.c.digest).where(*mine).order_by(*newest_first).limit(most).offset(kept)
    statement = federated_sign_ins.update().where(federated_sign_ins.c.digest.in_(older))
    conn.execute(statement.values(carried=None, carried_by=None))


def take_sign_in(
    conn: Connection, account_id: str, digest: bytes, browser_digest: bytes, now: int
) -> PendingSignIn | None:
    """Delete a sign-in in progress and return it; of concurrent attempts, one succeeds.

    None, and nothing is deleted, in another browser or at the address of another account.
    """
    statement = federated_sign_ins.delete().where(
        federated_sign_ins.c.digest == digest,
        federated_sign_ins.c.browser_digest == browser_digest,
        federated_sign_ins.c.account_id == account_id,
        federated_sign_ins.c.expires_at > now,
    )
    row = conn.execute(statement.returning(*_PENDING)).first()
    return None if row is None else PendingSignIn(*row)


def find_linked_user_id(conn: Connection, account_id: str, issuer: str, subject: str) -> str | None:
    """The person that the subject was linked to."""
    query = select(federated_identities.c.user_id).where(
        federated_identities.c.account_id == account_id,
        federated_identities.c.issuer == issuer,
        federated_identities.c.subject == subject,
    )
    return conn.execute(query).scalar()


def find_linked_at(conn: Connection, account_id: str, issuer: str, user_id: str) -> int | None:
    """When the person was linked to a subject of this issuer; None if they were not."""
    query = select(federated_identities.c.created_at).where(
        federated_identities.c.account_id == account_id,
        federated_identities.c.issuer == issuer,
        federated_identities.c.user_id == user_id,
    )
    return conn.scalar(query)


def insert_identity(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(federated_identities.insert().values(account_id=account_id, **values))


def insert_session(conn: Connection, account_id: str, user_id: str, values: dict[str, Any]) -> bool:
    """False if the person has been removed."""
    if lock_person(conn, user_id) is None:
        return False
    conn.execute(federated_sessions.insert().values(account_id=account_id, user_id=user_id, **values))
    return True


def has_ended(conn: Connection, account_id: str, session_id: str) -> bool:
    """Whether the provider, or a change of the connection, has ended the session."""
    where = (federated_sessions.c.account_id == account_id, federated_sessions.c.session_id == session_id)
    query = select(federated_sessions.c.session_id).where(*where, federated_sessions.c.ended_at.is_(None))
    return conn.execute(query).first() is None


def end_federated_sessions(
    conn: Connection, account_id: str, issuer: str, now: int, *, subject: str | None = None, sid: str | None = None
) -> list[SessionOfPerson]:
    """Record the end of the sessions of a subject, of a session of the provider, or of both at once, or all."""
    where = [
        federated_sessions.c.account_id == account_id,
        federated_sessions.c.issuer == issuer,
        federated_sessions.c.ended_at.is_(None),
    ]
    if subject is not None:
        where.append(federated_sessions.c.subject == subject)
    if sid is not None:
        where.append(federated_sessions.c.provider_session_id == sid)
    statement = federated_sessions.update().where(*where).values(ended_at=now)
    ended = statement.returning(federated_sessions.c.session_id, federated_sessions.c.user_id)
    return [SessionOfPerson(*row) for row in conn.execute(ended)]


def list_other_sessions(
    conn: Connection, account_id: str, except_people: Collection[str], now: int
) -> list[SessionOfPerson]:
    """The live sessions that did not begin by a provider, of everybody but `except_people`."""
    query = select(sessions.c.id, sessions.c.user_id).where(
        sessions.c.account_id == account_id,
        *is_live(sessions, now),
        sessions.c.user_id.not_in(except_people),
        ~exists().where(federated_sessions.c.session_id == sessions.c.id),
    )
    return [SessionOfPerson(*row) for row in conn.execute(query.order_by(sessions.c.user_id, sessions.c.id))]


def add_logout_token(conn: Connection, account_id: str, digest: bytes, expires_at: int) -> bool:
    """False if the token was used before."""
    return insert_once(conn, logout_tokens, {"account_id": account_id, "digest": digest, "expires_at": expires_at})


def purge_sign_ins(conn: Connection, *, now: int, limit: int) -> int:
    old = select(federated_sign_ins.c.digest).where(federated_sign_ins.c.expires_at < now).limit(limit)
    return conn.execute(federated_sign_ins.delete().where(federated_sign_ins.c.digest.in_(old))).rowcount


def purge_federated_sessions(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` rows that are older than any session."""
    table = federated_sessions
    old = select(table.c.session_id).where(table.c.created_at < now - 31 * DAY).limit(limit)
    return conn.execute(table.delete().where(table.c.session_id.in_(old))).rowcount


def purge_logout_tokens(conn: Connection, *, now: int, limit: int) -> int:
    key = (logout_tokens.c.account_id, logout_tokens.c.digest)
    old = select(*key).where(logout_tokens.c.expires_at < now).limit(limit)
    return conn.execute(logout_tokens.delete().where(tuple_(*key).in_(old))).rowcount
