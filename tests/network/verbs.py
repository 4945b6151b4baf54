"""The verbs of connections over a database of their own, with accounts whose Owners are signed in."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, insert

from linkxg.audit.model import Actor
from linkxg.audit.store import insert_head
from linkxg.clock import DAY, now_ms
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.http.rate_limits import MemoryLimits
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import MailQueue
from linkxg.identity.accounts.store import insert_account, insert_user, update_account
from linkxg.identity.sessions.store import sessions
from linkxg.identity.sign_up.model import SignUpMode
from linkxg.ids import uuid7
from linkxg.network.connections.accept_by_link import accept_link
from linkxg.network.connections.invite import invite_partner
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import ConnectionView, InvitedConnection, InvitePartner
from linkxg.network.connections.revoke import revoke_connection
from linkxg.ops.tables import register_tables

KEY = bytes(32)


@asynccontextmanager
async def migrated(url: str) -> AsyncIterator[Database]:
    """A database with the newest schema, open."""
    register_tables()
    database = open_database(url)
    await migrate(database)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


class Company:
    """An account with an Owner who is signed in."""

    def __init__(self, number: int) -> None:
        self.id, self.owner, self.session = uuid7(), uuid7(), uuid7()
        self.slug, self.gln, self.email = f"company-{number}", f"401234500000{number}", f"owner{number}@example.test"

    @property
    def actor(self) -> Actor:
        return Actor("user", self.owner, self.id, "test", "-", "OWNER", None, self.session, 0)

    def with_owner(self, email: str) -> Company:
        """The same account, as another Owner."""
        colleague = copy.copy(self)
        colleague.owner, colleague.session, colleague.email = uuid7(), uuid7(), email
        return colleague

    def insert(self, conn: Connection) -> None:
        insert_account(conn, self.id, self.slug, now_ms(), self.slug)
        update_account(conn, self.id, {"gln": self.gln})
        insert_head(conn, self.id)
        self.insert_owner(conn)

    def insert_owner(self, conn: Connection) -> None:
        insert_user(
            conn, self.id, id=self.owner, email=self.email, email_key=self.email, role="OWNER", password_hash="-",
            created_at=now_ms(),
        )  # fmt: skip
        later = now_ms() + DAY
        given: dict[str, Any] = {
            "user_id": self.owner, "id": self.session, "account_id": self.id,
            "refresh_expires_at": later, "expires_at": later,
        }  # fmt: skip
        for column in sessions.c:
            if column.name not in given and not column.nullable:
                given[column.name] = {"VARCHAR": "-", "BLOB": b"", "BYTEA": b"", "BOOLEAN": False}.get(
                    str(column.type).partition("(")[0], now_ms()
                )
        conn.execute(insert(sessions).values({name: given[name] for name in given if name in sessions.c}))


class Service:
    """The verbs over one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.mails = ConnectionMails(
            database, MailQueue(Mailer("", "x@example.test")), MemoryLimits(), "http://localhost", SignUpMode.INVITED
        )

    async def invite(self, by: Company, **invitee: str) -> InvitedConnection:
        given = InvitePartner("SUPPLIER", **invitee)
        return (await invite_partner(self.database, KEY, self.mails, "http://localhost", by.actor, by.id, given)).value

    async def revoke(self, by: Company, made: ConnectionView) -> ConnectionView:
        return (await revoke_connection(self.database, self.mails, by.actor, by.id, made.id, None)).value

    async def accept_link(self, by: Company, made: InvitedConnection) -> ConnectionView:
        assert made.link is not None
        token = made.link.rpartition("/")[2]
        return await accept_link(self.database, self.mails, by.actor, by.id, token)


Story = Callable[[Service, list[Company]], Awaitable[None]]
