"""The SQL of accounts, people and invitations."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    false,
    func,
    select,
)

from linkxg.clock import DAY
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.insert_once import insert_once
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.identity.accounts.model import User

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("slug", String(39), nullable=False, server_default=""),
    Column("gln", String(13)),
    # Who needs a second factor (authentication_policy.Requirement), and from when on.
    Column("mfa_requirement", String(20), nullable=False, server_default="NONE"),
    Column("mfa_required_from", Milliseconds),
    # How old the authentication of a sensitive action may be; None: as old as the session.
    Column("step_up_minutes", Integer),
    Column("security_contact", String(254)),
    # Of new secrets of clients; none means that they do not expire.
    Column("client_lifetime_days", Integer),
    Index("ix_accounts_slug", "slug", unique=True),
    Index("ix_accounts_gln", "gln"),
)
users = Table(
    "users",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("epoch", Sequence, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("has_second_factor", Boolean, nullable=False, server_default=false()),
    Column("name", String(120)),
    Column("language", String(35)),
    Column("time_zone", String(64)),
    Index("ix_users_account_id_id", "account_id", "id"),
)
invitations = Table(
    "invitations",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False),
    Column("role", String(10), nullable=False),
    Column("invited_by", String(36), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("used_at", Milliseconds),
    Index("ix_invitations_account_id_email_key", "account_id", "email_key"),
    Index("ix_invitations_expires_at", "expires_at"),
)

_USER = [users.c[name] for name in User.__struct_fields__]
_BY_EMAIL = select(*_USER).where(users.c.email_key == bindparam("key"))


def insert_account(conn: Connection, account_id: str, name: str, now: int, slug: str | None = None) -> None:
    """Without a slug, the account gets one from the random end of its id."""
    conn.execute(
        accounts.insert().values(id=account_id, name=name, created_at=now, slug=slug or f"account-{account_id[-12:]}")
    )


def update_account(conn: Connection, account_id: str, changed: dict[str, Any]) -> None:
    conn.execute(accounts.update().where(accounts.c.id == account_id).values(changed))


def find_account_by_gln(conn: Connection, gln: str) -> str | None:
    """The id of the account, of all accounts; none if several declare it."""
    found = list(conn.execute(select(accounts.c.id).where(accounts.c.gln == gln).limit(2)).scalars())
    return found[0] if len(found) == 1 else None


def find_account(conn: Connection, account_id: str) -> AnyRow | None:
    return conn.execute(select(accounts).where(accounts.c.id == account_id)).first()


def list_accounts(conn: Connection) -> list[str]:
    """The ids of all accounts, for the command line."""
    return list(conn.execute(select(accounts.c.id).order_by(accounts.c.id)).scalars())


def count_accounts(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(accounts)).scalar_one()


def insert_user(conn: Connection, account_id: str, **values: Any) -> bool:
    """False if the e-mail address is in use, in any account; nobody else can take it until the transaction ends."""
    lock_until_commit(conn, f"email {values['email_key']}")
    row = {"account_id": account_id, "disabled": False, "epoch": 0, **values}
    return insert_once(conn, users, row, unique=["email_key"])


def claim_email(conn: Connection, key: str) -> bool:
    """Whether nobody has the address, in any account; nobody else can take it until the transaction ends."""
    lock_until_commit(conn, f"email {key}")
    return find_user_by_email(conn, key) is None


def find_user_by_email(conn: Connection, key: str) -> User | None:
    """Across accounts: at sign-in the account is not known yet."""
    row = conn.execute(_BY_EMAIL, {"key": key}).first()
    return None if row is None else User(*row)


def find_user(conn: Connection, account_id: str, user_id: str) -> User | None:
    row = conn.execute(select(*_USER).where(users.c.account_id == account_id, users.c.id == user_id)).first()
    return None if row is None else User(*row)


def list_users(conn: Connection, account_id: str) -> list[User]:
    query = select(*_USER).where(users.c.account_id == account_id).order_by(users.c.id)
    return [User(*row) for row in conn.execute(query)]


def list_time_zones(conn: Connection, account_id: str, limit: int) -> list[str]:
    """The time zones that people of the account have chosen, the most frequent first."""
    query = (
        select(users.c.time_zone)
        .where(users.c.account_id == account_id, users.c.time_zone.is_not(None))
        .group_by(users.c.time_zone)
        .order_by(func.count().desc(), users.c.time_zone)
        .limit(limit)
    )
    return list(conn.scalars(query))


def count_people(conn: Connection, account_id: str) -> int:
    """Disabled ones included."""
    query = select(func.count()).select_from(users).where(users.c.account_id == account_id)
    return conn.execute(query).scalar_one()


def count_other_owners(conn: Connection, account_id: str, user_id: str) -> int:
    """The number of enabled Owners other than `user_id`."""
    return conn.execute(
        select(func.count())
        .select_from(users)
        .where(
            users.c.account_id == account_id,
            users.c.role == "OWNER",
            users.c.disabled.is_(False),
            users.c.id != user_id,
        )
    ).scalar_one()


def update_user(conn: Connection, account_id: str, user_id: str, **values: Any) -> int:
    """Change a person and begin the next epoch; returns that epoch."""
    statement = (
        users.update()
        .where(users.c.account_id == account_id, users.c.id == user_id)
        .values(epoch=users.c.epoch + 1, **values)
        .returning(users.c.epoch)
    )
    return int(conn.execute(statement).scalar_one())


def update_profile(conn: Connection, account_id: str, user_id: str, changed: dict[str, Any]) -> None:
    """Change what a person says of themselves, which gives no rights."""
    conn.execute(users.update().where(users.c.account_id == account_id, users.c.id == user_id).values(changed))


def update_email(conn: Connection, account_id: str, user_id: str, *, email: str, key: str, was: str) -> bool:
    """Replace the address with the key `was`; false if it has been replaced since, or the new one is in use.

    In use in any account; nobody else can take it until the transaction ends.
    """
    if not claim_email(conn, key):
        return False
    statement = users.update().where(users.c.account_id == account_id, users.c.id == user_id, users.c.email_key == was)
    return conn.execute(statement.values(email=email, email_key=key)).rowcount == 1


def begin_epochs(conn: Connection, account_id: str, ahead: int) -> dict[str, int]:
    """Advance the epoch of every person of the account by `ahead`; returns their new epochs by id."""
    statement = users.update().where(users.c.account_id == account_id).values(epoch=users.c.epoch + ahead)
    return {row.id: row.epoch for row in conn.execute(statement.returning(users.c.id, users.c.epoch))}


def update_password_hash(conn: Connection, account_id: str, user_id: str, password_hash: str, was: str) -> bool:
    """Replace the hash `was`; false if it has been replaced since."""
    statement = (
        users.update()
        .where(users.c.account_id == account_id, users.c.id == user_id, users.c.password_hash == was)
        .values(password_hash=password_hash)
    )
    return conn.execute(statement).rowcount == 1


def update_second_factor(conn: Connection, account_id: str, user_id: str, has: bool) -> None:
    mine = (users.c.account_id == account_id, users.c.id == user_id)
    conn.execute(users.update().where(*mine).values(has_second_factor=has))


def delete_user(conn: Connection, account_id: str, user_id: str) -> None:
    conn.execute(users.delete().where(users.c.account_id == account_id, users.c.id == user_id))


def _live(now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return invitations.c.used_at.is_(None), invitations.c.expires_at > now


def insert_invitation(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(invitations.insert().values(account_id=account_id, **values))


def expire_invitations(conn: Connection, account_id: str, key: str, now: int) -> bool:
    """End the live invitations of an address, which a new one replaces; returns whether there was one."""
    statement = invitations.update().where(
        invitations.c.account_id == account_id, invitations.c.email_key == key, *_live(now)
    )
    return conn.execute(statement.values(expires_at=now)).rowcount > 0


def end_invitations(conn: Connection, account_id: str, now: int) -> int:
    """End every live invitation of the account; returns how many."""
    statement = invitations.update().where(invitations.c.account_id == account_id, *_live(now))
    return conn.execute(statement.values(expires_at=now)).rowcount


def end_invitations_by(conn: Connection, account_id: str, user_id: str, now: int) -> int:
    """End every live invitation by one person; returns how many."""
    statement = invitations.update().where(
        invitations.c.account_id == account_id, invitations.c.invited_by == user_id, *_live(now)
    )
    return conn.execute(statement.values(expires_at=now)).rowcount


def list_invitations(conn: Connection, account_id: str, now: int) -> list[AnyRow]:
    """The live ones, newest first."""
    query = select(invitations).where(invitations.c.account_id == account_id, *_live(now))
    return list(conn.execute(query.order_by(invitations.c.id.desc())).all())


def count_invitations(conn: Connection, account_id: str, now: int) -> int:
    """The number of live ones."""
    query = select(func.count()).select_from(invitations).where(invitations.c.account_id == account_id, *_live(now))
    return conn.execute(query).scalar_one()


def withdraw_invitation(conn: Connection, account_id: str, invitation_id: str, now: int) -> AnyRow | None:
    """End a live invitation and return it; None if it had ended."""
    statement = invitations.update().where(
        invitations.c.account_id == account_id, invitations.c.id == invitation_id, *_live(now)
    )
    return conn.execute(statement.values(expires_at=now).returning(invitations)).first()


def redeem_invitation(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    """Mark a live invitation as used; of two concurrent attempts, one succeeds."""
    statement = (
        invitations.update()
        .where(invitations.c.digest == digest, *_live(now))
        .values(used_at=now)
        .returning(invitations)
    )
    return conn.execute(statement).first()


def find_invitation(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    query = select(invitations).where(invitations.c.digest == digest, *_live(now))
    return conn.execute(query).first()


def find_invitations_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Invitations of any account, live or not: of a link that was found in public, nothing else is known."""
    columns = (invitations.c.account_id, invitations.c.id, invitations.c.email, invitations.c.digest)
    return list(conn.execute(select(*columns).where(invitations.c.digest.in_(digests))))


def find_newer_invitation(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    """The live invitation that has replaced this one."""
    old = invitations.alias("old")
    query = (
        select(invitations)
        .join(old, (old.c.account_id == invitations.c.account_id) & (old.c.email_key == invitations.c.email_key))
        .where(
            old.c.digest == digest,
            old.c.used_at.is_(None),
            invitations.c.digest != digest,
            invitations.c.created_at >= old.c.created_at,
            *_live(now),
        )
    )
    return conn.execute(query).first()


def purge_invitations(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` invitations that ended a month ago."""
    old = select(invitations.c.id).where(invitations.c.expires_at < now - 30 * DAY).limit(limit)
    return conn.execute(invitations.delete().where(invitations.c.id.in_(old))).rowcount
