"""Shares: created, previewed, withdrawn, and who sees a product."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from harness.clients import get_token, make_client
from harness.rows import execute, trail
from harness.world import World
from linkxg.clock import now_ms
from network.connected import decide, sent
from network.partners import act
from network.sharing import (
    connection_of,
    feed_of,
    ids_of,
    in_category,
    list_shared,
    post_share,
    read_shared,
    rfc3339,
    share,
    withdraw,
)
from products.catalogue import complete, create, published

pytestmark = pytest.mark.usefixtures("without_shares")


def _faults(world: World, **terms: Any) -> set[tuple[str, str]]:
    details = post_share(world, **terms).expect(422, "validation_failed").object()["details"]
    return {(one["field"], one["code"]) for one in details}


def test_every_fault_is_named_at_once(world: World) -> None:
    assert _faults(
        world, type="SOME", productId=str(uuid4()), fields=["name", "nonsense", "name.x", "facility.gln"],
        versions="FIRST", traceability="MUCH", traceTiers=11, passportRoles=["owner"], expiresAt="tomorrow",
    ) == {
        ("type", "invalid"), ("fields[1]", "unknown_field"), ("fields[2]", "unknown_field"), ("versions", "invalid"),
        ("traceability", "invalid"), ("traceTiers", "invalid"), ("passportRoles[0]", "invalid"),
        ("expiresAt", "invalid"), ("productId", "invalid"),
    }  # fmt: skip
    assert _faults(world, type="PRODUCT", category="x", fields=[]) == {
        ("productId", "missing"), ("category", "invalid"), ("fields", "invalid"),
    }  # fmt: skip
    assert _faults(world, type="PRODUCT", productId=str(uuid4()), expiresAt=rfc3339(now_ms() - 1)) == {
        ("productId", "invalid"), ("expiresAt", "invalid"),
    }  # fmt: skip
    assert _faults(world, traceTiers=1) == {("traceTiers", "invalid")}
    assert _faults(world, passportRoles=["authority"] * 60 + ["owner"]) == {("passportRoles", "invalid")}
    assert _faults(world, type="PRODUCT", productId="x") == {("productId", "invalid")}


def test_a_share_cannot_end_after_the_last_year_of_the_calendar(world: World) -> None:
    """With an offset, a valid time may be in the year 10000 of UTC."""
    assert _faults(world, expiresAt="9999-12-31T23:59:59-23:59") == {("expiresAt", "invalid")}
    request = sent(world, gtin="4012345000009")
    terms = {"expiresAt": "9999-12-31T23:59:59-23:59", "productId": published(world)["id"]}
    details = (
        decide(world, world.owner, request, "approve", json=terms).expect(422, "validation_failed").object()["details"]
    )
    assert [one["field"] for one in details] == ["expiresAt"]
    last = share(world, expiresAt="9999-12-31T23:59:59.999Z")
    assert last["summary"].endswith("until 31 December 9999.")


def test_products_of_others_are_unknown(world: World) -> None:
    body = {"sku": f"S-{uuid4()}", "content": {"name": "Theirs"}}
    theirs = world.api.post("/products", bearer=world.other_owner.access, json=body).expect(201).data()
    assert _faults(world, type="PRODUCT", productId=theirs["id"]) == {("productId", "invalid")}


def test_only_active_connections_of_the_account_are_shared_with(world: World) -> None:
    post_share(world, connection=str(uuid4())).expect(404, "not_found")
    connection = str(uuid4())
    execute(
        world.server.database,
        "insert into connections (account_id, id, direction, status, relationship, invited_at, expires_at) "
        f"values ('{world.account.account_id}', '{connection}', 'OUTGOING', 'PENDING', 'PARTNER', 1, {2**41})",
    )
    post_share(world, connection=connection).expect(409, "invalid_state")
    post_share(world, "?dryRun=true", connection=connection).expect(409, "invalid_state")


def test_a_share_says_what_it_shows(world: World) -> None:
    code = f"c{uuid4()}"[:20]
    for _ in range(2):
        published(world, category=in_category(code))
    made = share(
        world, type="CATEGORY", category=code, fields=["name", "brand", "dimensions.netWeight", "name"],
        expiresAt="2127-03-01T12:00:00Z",
    )  # fmt: skip
    assert made["summary"] == (
        f"Sees 3 of 16 fields of 2 products in category {code}, no supplier names, until 1 March 2127."
    )
    assert made["fields"] == ["brand", "dimensions.netWeight", "name"]
    assert made["status"] == "ACTIVE"
    assert made["expiresAt"] == "2127-03-01T12:00:00.000Z"
    product = published(world)
    assert share(world, product)["summary"] == "Sees all fields of 1 product."
    found = world.api.get(f"/shares/{made['id']}", bearer=world.owner.access).expect(200).data()
    assert found == made
    draft = share(world, create(world, **complete()), traceability="GRAPH", traceTiers=2, versions="ALL")
    assert draft["summary"] == (
        "Sees all fields of 1 product that is not published yet, in all versions, with the supply chain 2 tiers deep."
    )


def test_a_preview_is_what_the_partner_then_reads(world: World) -> None:
    code = f"c{uuid4()}"[:20]
    products = [published(world, category=in_category(code)) for _ in range(3)]
    share(world, products[1], fields=["description"])
    terms: dict[str, Any] = {"type": "CATEGORY", "category": code, "fields": ["name", "category.code"]}
    preview = post_share(world, "?dryRun=true", **terms).expect(200).data()
    assert len(list_shared(world)) == 1
    made = share(world, **terms)
    assert preview["summary"] == made["summary"]
    assert preview["preview"] == list_shared(world)
    assert [read_shared(world, one).expect(200).data() for one in preview["preview"]] == preview["preview"]


def test_a_preview_needs_the_scope_to_read_products(world: World) -> None:
    client = make_client(world.api, world.owner, "connections:write")
    token = get_token(world.api, client)
    post_share(world, "?dryRun=true", bearer=token).expect(403, "insufficient_scope")
    post_share(world, bearer=token).expect(201)


def test_a_repeated_request_shares_once(world: World) -> None:
    product = published(world)
    headers = [("Idempotency-Key", str(uuid4()))]
    terms = {"type": "PRODUCT", "productId": product["id"], "headers": headers}
    first, again = (post_share(world, **terms).expect(201) for _ in range(2))
    assert again.data() == first.data()
    assert again.header("idempotent-replayed") == "true"
    post_share(world, **terms | {"fields": ["name"]}).expect(422, "idempotency_key_reused")


def test_both_sides_are_told(world: World) -> None:
    product = published(world)
    made = share(world, product)
    withdraw(world, made).expect(204)
    withdraw(world, made).expect(204)
    told = feed_of(world, world.other.account_id)
    assert told[-2:] == [("SHARE_ADDED", made["id"]), ("SHARE_REMOVED", made["id"])]
    person = world.account.owner.user_id
    for account_id, actor in ((world.account.account_id, person), (world.other.account_id, world.account.account_id)):
        rows = [row for row in trail(world.server.database, account_id) if row.target == made["id"]]
        assert [(row.action, row.actor) for row in rows] == [("share.created", actor), ("share.withdrawn", actor)]


def test_only_the_owner_reads_and_withdraws_a_share(world: World) -> None:
    made = share(world, published(world))
    for session in (world.other_owner,):
        world.api.get(f"/shares/{made['id']}", bearer=session.access).expect(404, "not_found")
        world.api.delete(f"/shares/{made['id']}", bearer=session.access).expect(404, "not_found")
        theirs = world.api.get(f"/connections/{made['connectionId']}/shares", bearer=session.access).expect(200)
        assert made["id"] not in ids_of(theirs.object()["data"])
    world.api.delete(f"/shares/{uuid4()}", bearer=world.owner.access).expect(404, "not_found")
    world.api.get(f"/connections/{uuid4()}/shares", bearer=world.owner.access).expect(404, "not_found")


def test_shares_are_listed_newest_first_with_their_status(world: World) -> None:
    product = published(world)
    first, second = share(world, product), share(world, product, expiresAt=rfc3339(now_ms() + 3_600_000))
    withdraw(world, first).expect(204)
    past = f"update shares set expires_at = 1 where id = '{second['id']}'"
    execute(world.server.database, past)
    where = f"/connections/{connection_of(world)}/shares?limit=1"
    page = world.api.get(where, bearer=world.owner.access).expect(200).object()
    assert [(one["id"], one["status"]) for one in page["data"]] == [(second["id"], "EXPIRED")]
    assert page["data"][0]["summary"] == "Sees nothing: expired on 1 January 1970."
    following = f"{where}&cursor={page['pagination']['nextCursor']}"
    page = world.api.get(following, bearer=world.owner.access).expect(200).object()
    assert [(one["id"], one["status"]) for one in page["data"]] == [(first["id"], "WITHDRAWN")]


def test_an_expired_share_stays_expired_when_its_connection_ends(world: World) -> None:
    product = published(world)
    expired, live = share(world, product), share(world, product)
    execute(world.server.database, f"update shares set expires_at = 1 where id = '{expired['id']}'")
    act(world, world.other_owner, {"id": live["connectionId"]}, "revoke").expect(200)
    for made, status in ((expired, "EXPIRED"), (live, "WITHDRAWN")):
        seen = world.api.get(f"/shares/{made['id']}", bearer=world.owner.access).expect(200).data()
        assert (seen["status"], seen["withdrawnAt"] is None) == (status, status == "EXPIRED")
    assert ("SHARE_REMOVED", expired["id"]) not in feed_of(world, world.other.account_id)


def test_the_owner_sees_who_sees_a_product(world: World) -> None:
    product, other = published(world), published(world)
    where = f"/products/{product['id']}/shares"
    assert world.api.get(where, bearer=world.owner.access).expect(200).object()["data"] == []
    share(world, other)
    made = [share(world, product, fields=["name"]), share(world), share(world, type="CATEGORY", category="none")]
    page = world.api.get(f"{where}?limit=1", bearer=world.owner.access).expect(200).object()
    cursor = page["pagination"]["nextCursor"]
    rest = world.api.get(f"{where}?cursor={cursor}", bearer=world.owner.access).expect(200).object()
    assert [one["shareId"] for one in [*page["data"], *rest["data"]]] == [made[0]["id"], made[1]["id"]]
    assert page["data"][0]["partner"]["accountId"] == world.other.account_id
    assert page["data"][0]["fields"] == ["name"]
    assert page["data"][0]["acknowledgement"] is None
    world.api.get(where, bearer=world.other_owner.access).expect(404, "not_found")


def test_a_share_and_its_withdrawal_at_once_leave_one_end(world: World) -> None:
    made = [share(world, published(world)) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: withdraw(world, one).status, made * 2))
    assert answers == [204] * 8
    removed = [entry for entry in feed_of(world, world.other.account_id) if entry[0] == "SHARE_REMOVED"]
    for one in made:
        assert removed.count(("SHARE_REMOVED", one["id"])) == 1
