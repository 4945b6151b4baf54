"""A partner asks for a product; the owner approves with a share that ends, or declines."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

from harness.answers import JsonObject
from harness.concurrency import concurrently
from harness.rows import count_rows, execute, rows, trail
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7
from network.connected import ITEM, decide, feed, insert_connection, read, send, sent
from network.partners import act
from network.sharing import connection_of
from products.catalogue import new_gtin, published

UNTIL = "2099-01-01T00:00:00Z"


def _approve(world: World, request: JsonObject, **given: Any) -> Any:
    return decide(world, world.owner, request, "approve", json={"expiresAt": UNTIL} | given)


def _entries(world: World, session: Any, request: JsonObject) -> list[str]:
    return [entry["type"] for entry in feed(world, session) if entry["requestId"] == request["id"]]


def test_an_approval_creates_a_share_that_ends(world: World) -> None:
    product = published(world)
    made = send(world, world.other_owner, connection_of(world), gtin=product["gtin"]).expect(201)
    request = made.data()
    assert made.header("location") == f"{world.server.url}/api/v1/requests/{request['id']}"
    assert (request["direction"], request["status"], request["gtin"]) == ("OUTGOING", "PENDING", product["gtin"])
    seen = read(world, world.owner, request).expect(200).data()
    assert (seen["direction"], seen["purpose"]) == ("INCOMING", "For our label.")
    assert seen["partner"]["accountId"] == world.other.account_id
    approved = _approve(world, request, fields=["name", "brand"], versions="ALL").expect(200).data()
    assert (approved["status"], approved["decidedAt"] is None) == ("APPROVED", False)
    columns = "account_id, viewer_id, product_id, fields, versions, expires_at"
    shares = rows(world.server.database, f"select {columns} from shares where id = '{approved['shareId']}'")
    assert shares == [[
        world.account.account_id, world.other.account_id, product["id"], '["brand","name"]', "ALL", "4070908800000",
    ]]  # fmt: skip
    assert _entries(world, world.owner, request) == ["REQUEST_RECEIVED"]
    told = [entry for entry in feed(world, world.other_owner) if entry["shareId"] == approved["shareId"]]
    assert [(entry["type"], entry["productId"]) for entry in told] == [
        ("SHARE_ADDED", product["id"]), ("REQUEST_APPROVED", product["id"]),
    ]  # fmt: skip


def test_both_trails_record_a_request_and_only_the_own_names_the_person(world: World) -> None:
    request = sent(world, item=ITEM)
    decide(world, world.owner, request, "decline").expect(200)
    person = world.other_owner.person.user_id
    own, theirs = (
        [(row.action, row.actor) for row in trail(world.server.database, account.account_id)
         if row.target == request["id"]]
        for account in (world.other, world.account)
    )  # fmt: skip
    assert own == [("request.sent", person), ("request.declined", world.account.account_id)]
    assert theirs == [("request.sent", world.other.account_id), ("request.declined", world.owner.person.user_id)]


def test_the_answer_does_not_tell_whether_the_owner_has_the_product(world: World) -> None:
    product = published(world)
    for known, unknown in (({"gtin": product["gtin"]}, {"gtin": new_gtin()}),
                           ({"productId": product["id"]}, {"productId": uuid7()})):  # fmt: skip
        answers = [sent(world, **given) for given in (known, unknown)]
        varying = {"id", "gtin", "productId", "createdAt"}
        first, second = ({name: one[name] for name in one.keys() - varying} for one in answers)
        assert first == second


def test_a_declined_request_shows_the_reason(world: World) -> None:
    request = sent(world, type="TRACE", item=ITEM)
    assert request["item"] == ITEM
    declined = decide(world, world.owner, request, "decline", json={"reason": "Secret"}).expect(200).data()
    assert (declined["status"], declined["shareId"]) == ("DECLINED", None)
    assert read(world, world.other_owner, request).data()["reason"] == "Secret"
    assert _entries(world, world.other_owner, request) == ["REQUEST_DECLINED"]
    for verb in ("approve", "decline"):
        body = {"expiresAt": UNTIL} if verb == "approve" else None
        decide(world, world.owner, request, verb, json=body).expect(409, "invalid_state")
    decide(world, world.other_owner, request, "cancel").expect(409, "invalid_state")


def test_the_owner_is_told_that_a_request_is_cancelled(world: World) -> None:
    request = sent(world, gtin=new_gtin())
    decide(world, world.other_owner, request, "cancel").expect(200)
    assert _entries(world, world.owner, request) == ["REQUEST_RECEIVED", "REQUEST_CANCELLED"]
    assert _entries(world, world.other_owner, request) == []


def test_the_end_of_a_connection_cancels_the_requests_of_both_sides(world: World) -> None:
    incoming, outgoing = sent(world, gtin=new_gtin()), sent(world, world.owner, gtin=new_gtin())
    declined = sent(world, gtin=new_gtin())
    decide(world, world.owner, declined, "decline").expect(200)
    act(world, world.other_owner, {"id": incoming["connectionId"]}, "revoke").expect(200)
    for session in (world.owner, world.other_owner):
        for request in (incoming, outgoing):
            seen = read(world, session, request).expect(200).data()
            assert (seen["status"], seen["decidedAt"] is None) == ("CANCELLED", False)
            assert _entries(world, session, request)[-1:] == ["REQUEST_CANCELLED"]
        assert read(world, session, declined).data()["status"] == "DECLINED"
        listed = world.api.get("/requests?status=CANCELLED&limit=2", bearer=session.access).expect(200).object()["data"]
        assert {one["id"] for one in listed} == {incoming["id"], outgoing["id"]}
    _approve(world, incoming).expect(409, "invalid_state")
    decide(world, world.owner, incoming, "decline").expect(409, "invalid_state")
    decide(world, world.other_owner, incoming, "cancel").expect(409, "invalid_state")
    ended = [
        row for row in trail(world.server.database, world.account.account_id) if row.action == "connection.revoked"
    ]
    assert ended[-1].target == incoming["connectionId"]


def test_the_owner_names_the_product_that_the_request_does_not(world: World) -> None:
    product, foreign = published(world), uuid7()
    request = sent(world, type="DPP", gtin=new_gtin())
    refused = _approve(world, request).expect(422, "validation_failed").object()["details"]
    assert [(one["field"], one["code"]) for one in refused] == [("productId", "required")]
    refused = _approve(world, request, productId=foreign).expect(422, "validation_failed").object()["details"]
    assert [(one["field"], one["code"]) for one in refused] == [("productId", "invalid")]
    _approve(world, request, productId=product["id"]).expect(200)


def test_an_item_identifies_the_product_by_its_gtin(world: World) -> None:
    product = published(world)
    request = sent(world, type="TRACE", item=f"https://brand.example/01/{product['gtin']}/21/7")
    approved = _approve(world, request).expect(200).data()
    found = rows(
        world.server.database, f"select product_id, traceability from shares where id = '{approved['shareId']}'"
    )
    assert found == [[product["id"], "EVENTS"]]


def test_only_the_two_sides_see_a_request_and_each_has_its_verbs(world: World) -> None:
    outgoing = sent(world, world.owner, gtin=new_gtin())
    incoming = sent(world, gtin=new_gtin())
    for verb, body in (("approve", {"expiresAt": UNTIL}), ("decline", None)):
        decide(world, world.owner, outgoing, verb, json=body).expect(404, "not_found")
    decide(world, world.owner, incoming, "cancel").expect(404, "not_found")
    third = {"id": uuid7()}
    execute(
        world.server.database,
        "insert into share_requests (account_id, id, requester_id, connection_id, type, subject, purpose, status, "
        f"created_at) values ('{uuid7()}', '{third['id']}', '{uuid7()}', '-', 'PRODUCT', 'gtin:1', '-', 'PENDING', 1)",
    )
    read(world, world.owner, third).expect(404, "not_found")
    for verb, body in (("approve", {"expiresAt": UNTIL}), ("decline", None), ("cancel", None)):
        decide(world, world.owner, third, verb, json=body).expect(404, "not_found")
    send(world, world.owner, uuid7(), gtin=new_gtin()).expect(404, "not_found")
    viewer = world.session("VIEWER")
    send(world, viewer, connection_of(world), gtin=new_gtin()).expect(403, "insufficient_scope")
    read(world, viewer, incoming).expect(200)


def test_an_ended_connection_takes_no_request_and_no_approval(world: World) -> None:
    ended = insert_connection(world, "REVOKED")
    send(world, world.owner, ended, gtin=new_gtin()).expect(409, "invalid_state")
    request = sent(world, gtin=published(world)["gtin"])
    where = f"id = '{request['id']}'"
    execute(world.server.database, f"update share_requests set connection_id = '{ended}' where {where}")
    _approve(world, request).expect(409, "invalid_state")
    assert read(world, world.owner, request).data()["status"] == "PENDING"


def test_requests_are_listed_newest_first_by_direction_and_status(world: World) -> None:
    outgoing = sent(world, world.owner, gtin=new_gtin())
    incoming = [sent(world, gtin=new_gtin()) for _ in range(3)]
    decide(world, world.other_owner, incoming[1], "cancel").expect(200)

    def listed(query: str) -> list[str]:
        return [one["id"] for one in world.api.get(f"/requests{query}", bearer=world.owner.access).object()["data"]]

    assert listed("?limit=4") == [*(one["id"] for one in reversed(incoming)), outgoing["id"]]
    assert listed("?direction=INCOMING&status=PENDING&limit=2") == [incoming[2]["id"], incoming[0]["id"]]
    assert listed("?direction=OUTGOING&limit=1") == [outgoing["id"]]
    first = world.api.get("/requests?limit=2", bearer=world.owner.access).expect(200).object()
    cursor = first["pagination"]["nextCursor"]
    assert listed(f"?limit=2&cursor={cursor}") == [incoming[0]["id"], outgoing["id"]]
    world.api.get(f"/requests?cursor={cursor}", bearer=world.other_owner.access).expect(400, "invalid_cursor")


def test_all_faults_are_listed(world: World) -> None:
    connection = connection_of(world)

    def faults(answer: Any) -> set[str]:
        return {one["field"] for one in answer.expect(422, "validation_failed").object()["details"]}

    bad: dict[str, Any] = {"type": "ALL", "gtin": "1", "productId": "x" * 37, "item": "x", "purpose": "x" * 501}
    assert faults(send(world, world.owner, connection, **bad)) == {*bad}
    assert faults(send(world, world.owner, connection, purpose=" ")) == {"gtin", "purpose"}
    request = sent(world, gtin=new_gtin())
    bad = {"expiresAt": "2001-01-01T00:00:00Z", "fields": ["name", "sku"], "versions": "SOME", "traceability": "MORE"}
    assert faults(_approve(world, request, **bad)) == {"expiresAt", "fields[1]", "versions", "traceability"}
    assert faults(_approve(world, request, expiresAt="tomorrow", fields=[])) == {"expiresAt", "fields"}
    assert faults(decide(world, world.owner, request, "approve", json={})) == {"expiresAt"}
    assert faults(decide(world, world.owner, request, "decline", json={"reason": "x" * 501})) == {"reason"}


def test_a_repeated_request_is_sent_once(world: World) -> None:
    connection, gtin = connection_of(world), new_gtin()
    key = [("Idempotency-Key", str(uuid4()))]
    first = send(world, world.other_owner, connection, headers=key, gtin=gtin).expect(201)
    again = send(world, world.other_owner, connection, headers=key, gtin=gtin).expect(201)
    assert again.header("idempotent-replayed") == "true"
    assert again.data() == first.data()
    send(world, world.other_owner, connection, headers=key, gtin=new_gtin()).expect(422, "idempotency_key_reused")
    assert _entries(world, world.owner, first.data()) == ["REQUEST_RECEIVED"]


def test_a_repeated_approval_creates_one_share(world: World) -> None:
    request = sent(world, productId=published(world)["id"])
    key = [("Idempotency-Key", str(uuid4()))]
    body = {"expiresAt": UNTIL}
    approved, again = (
        decide(world, world.owner, request, "approve", json=body, headers=key).expect(200).data() for _ in range(2)
    )
    assert again == approved


def test_of_approve_and_cancel_at_once_one_wins(world: World) -> None:
    product = published(world)
    for _ in range(4):
        request = sent(world, productId=product["id"])
        answers = concurrently([
            partial(_approve, world, request), partial(decide, world, world.other_owner, request, "cancel"),
            partial(decide, world, world.owner, request, "decline"),
        ])  # fmt: skip
        assert sorted(answer.status for answer in answers) == [200, 409, 409]
        found = read(world, world.owner, request).data()
        assert (found["shareId"] is not None) == (found["status"] == "APPROVED") == (answers[0].status == 200)
        shares = count_rows(world.server.database, f"shares where id = '{found['shareId']}'")
        assert shares == (found["status"] == "APPROVED")


def test_a_partner_has_a_thousand_pending_requests_at_most(world: World) -> None:
    connection = connection_of(world)
    columns = "account_id, id, requester_id, connection_id, type, subject, purpose, status, created_at"
    execute(
        world.server.database,
        f"insert into share_requests ({columns}) "
        "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 1000) "
        f"select '{world.account.account_id}', 'many-' || n, '{world.other.account_id}', '{connection}', 'PRODUCT', "
        f"'gtin:1', 'many', 'PENDING', {now_ms()} from numbers",
    )
    try:
        send(world, world.other_owner, connection, gtin=new_gtin()).expect(409, "conflict")
        send(world, world.owner, connection, gtin=new_gtin()).expect(201)
    finally:
        execute(world.server.database, "delete from share_requests where purpose = 'many'")
