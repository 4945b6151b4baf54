"""An invitation runs the same statements whether or not the invitee exists."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.engine import Engine

from conftest import DatabaseFactory
from linkxg.audit.model import Actor
from linkxg.audit.store import insert_head
from linkxg.catalog.products.share_store import insert_share, shares
from linkxg.clock import DAY, now_ms
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.errors import AccessDenied, ConnectionExists, NotFound
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import MailQueue
from linkxg.identity.accounts.store import insert_account, insert_user, update_account
from linkxg.identity.sessions.store import sessions
from linkxg.ids import uuid7
from linkxg.network.connections.accept_by_link import accept_link
from linkxg.network.connections.invite import invite_partner
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import ConnectionView, InvitedConnection, InvitePartner
from linkxg.network.connections.revoke import revoke_connection
from linkxg.network.connections.store import connections, purge_connections
from linkxg.network.feed.store import feed_entries
from linkxg.ops.tables import register_tables

KEY = bytes(32)
SAVEPOINT = re.compile(r"(RELEASE|ROLLBACK TO) SAVEPOINT \w+|sa_savepoint_\d+")


class Company:
    """An account with an Owner who is signed in."""

    def __init__(self, number: int) -> None:
        self.id, self.owner, self.session = uuid7(), uuid7(), uuid7()
        self.slug, self.gln, self.email = f"company-{number}", f"401234500000{number}", f"owner{number}@example.test"

    @property
    def actor(self) -> Actor:
        return Actor("user", self.owner, self.id, "test", "-", "OWNER", None, self.session, 0)

    def insert(self, conn: Connection) -> None:
        insert_account(conn, self.id, self.slug, now_ms(), self.slug)
        update_account(conn, self.id, {"gln": self.gln})
        insert_head(conn, self.id)
        insert_user(
            conn, self.id, id=self.owner, email=self.email, email_key=self.email, role="OWNER", password_hash="-",
            created_at=now_ms(),
        )  # fmt: skip
        given: dict[str, Any] = {"user_id": self.owner, "id": self.session, "account_id": self.id}
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
        self.mails = ConnectionMails(database, MailQueue(Mailer("", "x@example.test")), "http://localhost")

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


@pytest.fixture
def run(engine: str, new_database: DatabaseFactory) -> Callable[[Story], None]:
    """Runs a story with three accounts."""

    def start(story: Story) -> None:
        async def run_story() -> None:
            register_tables()
            database = open_database(new_database(engine).url)
            await migrate(database)
            await database.open()
            try:
                companies = [Company(number) for number in range(3)]
                for company in companies:
                    await database.write(company.insert)
                await story(Service(database), companies)
            finally:
                await database.close()

        asyncio.run(run_story())

    return start


def test_statements_do_not_depend_on_whether_the_invitee_exists(run: Callable[[Story], None]) -> None:
    """But how the savepoint ends."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(SAVEPOINT.sub("savepoint", statement))

    async def traced(service: Service, by: Company, invitee: dict[str, str]) -> list[str]:
        seen.clear()
        await service.revoke(by, await service.invite(by, **invitee))
        return list(seen)

    async def story(service: Service, companies: list[Company]) -> None:
        first, second, _ = companies
        event.listen(Engine, "before_cursor_execute", note)
        try:
            for existing, missing in (
                ({"invitee_slug": second.slug}, {"invitee_slug": "nobody"}),
                ({"invitee_gln": "4012345000009"}, {"invitee_gln": "4099999000005"}),
                ({"invitee_email": second.email}, {"invitee_email": "nobody@example.test"}),
            ):
                if "invitee_gln" in existing:
                    await service.database.write(update_account, second.id, {"gln": existing["invitee_gln"]})
                for each in (existing, missing):
                    await traced(service, first, each)
                found, lost = await traced(service, first, existing), await traced(service, first, missing)
                assert len(found) > 20
                assert found == lost
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        kept = await service.database.read(lambda conn: conn.execute(select(connections.c.account_id)).scalars().all())
        assert (kept.count(first.id), kept.count(second.id)) == (12, 6)

    run(story)


def test_the_link_is_for_the_invited_person(run: Callable[[Story], None]) -> None:
    async def story(service: Service, companies: list[Company]) -> None:
        first, second, third = companies
        made = await service.invite(first, invitee_email=second.email)
        with pytest.raises(AccessDenied):
            await service.accept_link(third, made)
        assert (await service.accept_link(second, made)).status == "ACTIVE"
        with pytest.raises(NotFound):
            await service.accept_link(second, made)
        again = await service.invite(first, invitee_email=second.email)
        with pytest.raises(ConnectionExists):
            await service.accept_link(second, again)

    run(story)


def test_a_revocation_withdraws_the_shares_of_both_sides(run: Callable[[Story], None]) -> None:
    async def story(service: Service, companies: list[Company]) -> None:
        first, second, third = companies
        made = await service.invite(first, invitee_email=second.email)
        await service.accept_link(second, made)

        def share(conn: Connection, owner: Company, viewer: Company, connection_id: str) -> None:
            insert_share(
                conn, owner.id, id=uuid7(), viewer_id=viewer.id, connection_id=connection_id, type="ALL",
                versions="LATEST", traceability="NONE", trace_tiers=0, passport_roles="[]", created_at=now_ms(),
                created_by="-",
            )  # fmt: skip

        for owner, viewer, connection_id in ((first, second, made.id), (second, first, made.id), (first, third, "x")):
            await service.database.write(share, owner, viewer, connection_id)
        await service.revoke(first, made)
        live = select(shares.c.viewer_id).where(shares.c.withdrawn_at.is_(None))
        assert await service.database.read(lambda conn: conn.execute(live).scalars().all()) == [third.id]
        entries = select(feed_entries.c.account_id, feed_entries.c.type).order_by(feed_entries.c.seq)
        found = await service.database.read(lambda conn: conn.execute(entries).all())
        told = {owner.id: [kind for account_id, kind in found if account_id == owner.id] for owner in companies}
        assert told == {
            first.id: ["CONNECTION_ACCEPTED", "SHARE_REMOVED"],
            second.id: ["CONNECTION_INVITED", "SHARE_REMOVED", "CONNECTION_REVOKED"],
            third.id: [],
        }

    run(story)


def test_ended_invitations_are_purged_and_connections_kept(run: Callable[[Story], None]) -> None:
    async def story(service: Service, companies: list[Company]) -> None:
        first, second, third = companies
        ended = await service.invite(first, invitee_email=second.email)
        await service.accept_link(second, ended)
        await service.revoke(first, ended)
        await service.accept_link(third, await service.invite(first, invitee_email=third.email))
        await service.invite(first, invitee_slug=second.slug)
        later = now_ms() + 105 * DAY
        for deleted in (2, 0):
            assert await service.database.write(lambda conn: purge_connections(conn, now=later, limit=9)) == deleted

    run(story)
