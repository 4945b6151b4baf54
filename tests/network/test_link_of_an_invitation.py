"""What only a signed-in person can do with the link of an invitation, and what is left of ended connections."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from linkxg.catalog.products.share_store import insert_share, shares
from linkxg.clock import DAY, now_ms
from linkxg.errors import AccessDenied, Conflict, ConnectionExists, NotFound
from linkxg.ids import uuid7
from linkxg.network.connections.store import purge_connections
from linkxg.network.feed.store import feed_entries
from network.verbs import Company, Service, Story


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

        product = uuid7()

        def share(conn: Connection, owner: Company, viewer: Company, connection_id: str) -> None:
            given = {"type": "PRODUCT", "product_id": product} if owner is second else {"type": "ALL"}
            insert_share(
                conn, owner.id, id=uuid7(), viewer_id=viewer.id, connection_id=connection_id, **given,
                versions="LATEST", traceability="NONE", trace_tiers=0, passport_roles="[]", created_at=now_ms(),
                created_by="-",
            )  # fmt: skip

        for owner, viewer, connection_id in ((first, second, made.id), (second, first, made.id), (first, third, "x")):
            await service.database.write(share, owner, viewer, connection_id)
        await service.revoke(first, made)
        live = select(shares.c.viewer_id).where(shares.c.withdrawn_at.is_(None))
        assert await service.database.read(lambda conn: conn.execute(live).scalars().all()) == [third.id]
        columns = (feed_entries.c.account_id, feed_entries.c.type, feed_entries.c.product_id)
        entries = select(*columns).order_by(feed_entries.c.seq)
        found = await service.database.read(lambda conn: conn.execute(entries).all())
        told = {owner.id: [tuple(row[1:]) for row in found if row[0] == owner.id] for owner in companies}
        assert told == {
            first.id: [("CONNECTION_ACCEPTED", None), ("SHARE_REMOVED", product)],
            second.id: [("CONNECTION_INVITED", None), ("SHARE_REMOVED", None), ("CONNECTION_REVOKED", None)],
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


def test_a_company_does_not_connect_with_itself(run: Callable[[Story], None]) -> None:
    async def story(service: Service, companies: list[Company]) -> None:
        first, *_ = companies
        made = await service.invite(first, invitee_email="colleague@example.test")
        colleague = first.with_owner("colleague@example.test")
        await service.database.write(colleague.insert_owner)
        with pytest.raises(Conflict):
            await service.accept_link(colleague, made)

    run(story)


def test_a_link_from_before_the_end_of_a_connection_does_not_bring_it_back(run: Callable[[Story], None]) -> None:
    async def story(service: Service, companies: list[Company]) -> None:
        first, second, _ = companies
        made = await service.invite(first, invitee_email="buyer@example.test")
        buyer = second.with_owner("buyer@example.test")
        await service.database.write(buyer.insert_owner)
        other = await service.invite(first, invitee_email=second.email)
        await service.revoke(first, await service.accept_link(second, other))
        with pytest.raises(Conflict):
            await service.accept_link(buyer, made)
        await service.revoke(first, made)
        again = await service.invite(first, invitee_email="buyer@example.test")
        assert (await service.accept_link(buyer, again)).status == "ACTIVE"

    run(story)
