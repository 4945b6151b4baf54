"""A restore revives no connection, share, invitation or request that has ended, and every feed begins anew.

Promise R3, for what one account lets another see.
"""

from __future__ import annotations

from collections.abc import Callable

from cli.test_backup_restore import backup, restore
from harness.people import Session, new_email, sign_in
from harness.world import World
from network.connected import decide, sent
from network.connected import read as read_request
from network.partners import act, invite, join, new_partner, read, token_of
from network.shared_feed import CHANGES
from network.sharing import connection_of, post_share, read_shared, share, withdraw
from products.catalogue import published


def status_of(world: World, by: Session, connection: dict[str, str]) -> str:
    return str(read(world, by, connection).expect(200).data()["status"])


def follow(world: World, by: Session, cursor: str) -> int:
    """The status of reading on in a feed."""
    return world.api.get(f"{CHANGES}?cursor={cursor}", bearer=by.access).status


def test_a_restore_revives_nothing_that_partners_could_see(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api, owner, viewer = world.server, world.api, world.owner, world.other_owner
    kept, withdrawn, of_partner, late = (published(world) for _ in range(4))
    share(world, kept)
    ended_share = share(world, withdrawn)
    partner, connection = new_partner(world)
    ended_connection = {"id": connection["id"]}
    post_share(world, connection=connection["id"], type="PRODUCT", productId=of_partner["id"]).expect(201)
    links = [invite(world, owner, inviteeEmail=new_email()).expect(201) for _ in range(3)]
    used, revoked, waiting = [(token_of(made), made.data()) for made in links]
    declined, cancelled, approved, pending = (sent(world, productId=kept["id"]) for _ in range(4))
    read_shared(world, withdrawn, by=viewer).expect(200)
    file = backup(server)

    withdraw(world, ended_share).expect(204)
    act(world, partner, ended_connection, "revoke", json={"reason": "Enough."}).expect(200)
    join(world, used[0], "Used Ltd")[0].expect(201)
    act(world, owner, revoked[1], "revoke").expect(200)
    decide(world, owner, declined, "decline", json={"reason": "Not this."}).expect(200)
    decide(world, viewer, cancelled, "cancel").expect(200)
    body = {"expiresAt": "2099-01-01T00:00:00Z", "productId": kept["id"]}
    decide(world, owner, approved, "approve", json=body).expect(200)
    of_late = share(world, late)
    page = api.get(f"{CHANGES}?start=newest", bearer=viewer.access).expect(200).object()
    cursors = [page["pagination"]["nextCursor"]]
    second = backup(server, "two.backup")
    # Made after the first backup and ended after the second: only the trail of a restore can know.
    withdraw(world, of_late).expect(204)

    server.stop()
    report = restore(server, file, "--replace")
    assert report["kept_ended"] >= 5
    assert report["invitations_ended"] == 3
    server.start()
    owner, viewer = sign_in(api, world.account.owner), sign_in(api, world.other.owner)
    partner = sign_in(api, partner.person)
    read_shared(world, kept, by=viewer).expect(200)
    read_shared(world, withdrawn, by=viewer).expect(404, "not_found")
    read_shared(world, of_partner, by=partner).expect(404, "not_found")
    found = api.get(f"/shares/{ended_share['id']}", bearer=owner.access).data()
    assert (found["status"], found["withdrawnAt"] is None) == ("WITHDRAWN", False)
    for side, by in ((owner, "PARTNER"), (partner, "SELF")):
        one = read(world, side, ended_connection).expect(200).data()
        assert (one["status"], one["endedBy"], one["reason"]) == ("REVOKED", by, "Enough.")
    for token, made in (used, revoked, waiting):
        join(world, token, "Again Ltd")[0].expect(404, "not_found")
        assert status_of(world, owner, made) in {"EXPIRED", "REVOKED"}
    states = [read_request(world, owner, one).data() for one in (declined, cancelled, approved, pending)]
    assert [one["status"] for one in states] == ["DECLINED", "CANCELLED", "CANCELLED", "PENDING"]
    assert (states[0]["reason"], states[2]["shareId"]) == ("Not this.", None)

    # As many entries as there were, and more: what is numbered anew is not taken for what was read.
    body = {"type": "PRODUCT", "productId": kept["id"], "fields": ["name"]}
    for _ in range(9):
        api.post(f"/connections/{connection_of(world)}/shares", bearer=owner.access, json=body).expect(201)
    assert follow(world, viewer, cursors[0]) == 410
    page = api.get(f"{CHANGES}?start=newest", bearer=viewer.access).expect(200).object()
    cursors.append(page["pagination"]["nextCursor"])
    assert follow(world, viewer, cursors[1]) == 200
    server.stop()

    # And now the other backup: what the first restore knew is still known.
    restore(server, second, "--replace")
    server.start()
    owner, viewer = sign_in(api, world.account.owner), sign_in(api, world.other.owner)
    read_shared(world, kept, by=viewer).expect(200)
    for product in (late, withdrawn):
        read_shared(world, product, by=viewer).expect(404, "not_found")
    assert [follow(world, viewer, cursor) for cursor in cursors] == [410, 410]
    assert b"broken" not in server.command("audit", "verify")


def test_shares_can_be_withdrawn_if_nobody_knows_what_was(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server = world.server
    product = published(world)
    withdraw(world, share(world, product)).expect(204)
    made = share(world, product)
    file = backup(server)
    server.stop()
    assert restore(server, file, "--replace", "--withdraw-shares")["shares_withdrawn"] == 1
    server.start()
    read_shared(world, product, by=sign_in(world.api, world.other.owner)).expect(404, "not_found")
    owner = sign_in(world.api, world.account.owner)
    assert world.api.get(f"/shares/{made['id']}", bearer=owner.access).data()["status"] == "WITHDRAWN"
    (event,) = world.api.get("/account/audit-events?action=service.restored", bearer=owner.access).data()
    assert event["details"]["shares_withdrawn"] is True
