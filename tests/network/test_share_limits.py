"""Bounds of what two companies share, and of the invitations that wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.people import new_email
from harness.rows import count_rows, execute
from harness.world import World
from linkxg.clock import now_ms
from linkxg.network.shares.model import MAX_SAME
from network.connected import decide, sent
from network.partners import act, invite, new_account
from network.sharing import connection_of, end_shares, post_share, read_shared, rfc3339, share, withdraw
from products.catalogue import published

MAX_SHARES, MAX_CATEGORIES, MAX_INVITATIONS = 10_000, 1_000, 1_000


@contextmanager
def _rows(world: World, table: str, count: int, marked: str, **values: str) -> Iterator[None]:
    """So many rows of a table with these columns as SQL, where `n` is the number of the row; deleted afterwards."""
    execute(
        world.server.database,
        f"insert into {table} ({', '.join(values)}) with recursive numbers(n) as "
        f"(select 1 union all select n + 1 from numbers where n < {count}) select {', '.join(values.values())} "
        "from numbers",
    )
    try:
        yield
    finally:
        execute(world.server.database, f"delete from {table} where {marked}")


def _categories(world: World, connection: str) -> dict[str, str]:
    """Columns of shares of categories."""
    return {
        "account_id": f"'{world.account.account_id}'", "id": "'many-' || n", "viewer_id": f"'{world.other.account_id}'",
        "connection_id": f"'{connection}'", "type": "'CATEGORY'", "category": "'many-' || n",
        "subject": "'c:many-' || n", "versions": "'LATEST'", "traceability": "'NONE'", "trace_tiers": "0",
        "passport_roles": "'[]'", "created_at": "0", "created_by": "'many'",
    }  # fmt: skip


def test_a_partner_has_ten_thousand_live_shares_at_most(world: World) -> None:
    end_shares(world)
    product, connection = published(world), connection_of(world)
    request = sent(world, productId=product["id"])
    until = {"expiresAt": rfc3339(now_ms() + 86_400_000)}
    with _rows(world, "shares", MAX_SHARES - 1, "created_by = 'many'", **_categories(world, connection)):
        last = share(world, product)
        post_share(world).expect(409, "conflict")
        decide(world, world.owner, request, "approve", json=until).expect(409, "conflict")
        withdraw(world, last).expect(204)
        decide(world, world.owner, request, "approve", json=until).expect(200)
        post_share(world).expect(409, "conflict")
        # The other side's shares are counted for themselves.
        post_share(world, bearer=world.other_owner.access).expect(201)
        of_connection = f"connection_id = '{connection}' and account_id = '{world.account.account_id}'"
        live = f"shares where {of_connection} and withdrawn_at is null"
        assert count_rows(world.server.database, live) == MAX_SHARES
    execute(world.server.database, f"update shares set withdrawn_at = 0 where connection_id = '{connection}'")


def test_a_thousand_categories_are_shared_with_a_partner_at_most(world: World) -> None:
    end_shares(world)
    with _rows(world, "shares", MAX_CATEGORIES - 1, "created_by = 'many'", **_categories(world, connection_of(world))):
        last = share(world, type="CATEGORY", category="last")
        post_share(world, type="CATEGORY", category="over").expect(409, "conflict")
        post_share(world).expect(201)
        withdraw(world, last).expect(204)
        share(world, type="CATEGORY", category="again")
    end_shares(world)


def test_the_same_products_are_shared_ten_times_at_most(world: World) -> None:
    end_shares(world)
    product = published(world, description="x" * 10_000)
    for number in range(MAX_SAME):
        share(world, product, fields=["description", "brand"] if number else ["name"])
    post_share(world, type="PRODUCT", productId=product["id"]).expect(409, "conflict")
    share(world, published(world))
    assert read_shared(world, product).expect(200).data()["fields"] == ["brand", "description", "name"]


def test_an_account_has_a_thousand_waiting_invitations_at_most(world: World) -> None:
    inviter = new_account(world)
    account_id = world.api.get("/account", bearer=inviter.access).expect(200).data()["id"]
    values = {
        "account_id": f"'{account_id}'", "id": "'many-' || n", "direction": "'OUTGOING'", "status": "'PENDING'",
        "relationship": "'PARTNER'", "invitee": "'many-' || n", "invitee_key": "'slug:many-' || n",
        "invited_at": f"{now_ms()}", "expires_at": f"{now_ms() + 86_400_000}",
    }  # fmt: skip
    with _rows(world, "connections", MAX_INVITATIONS - 1, "id like 'many-%'", **values):
        last = invite(world, inviter, inviteeEmail=new_email("last")).expect(201).data()
        invite(world, inviter, inviteeEmail=new_email("over")).expect(409, "conflict")
        act(world, inviter, last, "revoke").expect(200)
        invite(world, inviter, inviteeEmail=new_email("again")).expect(201)
