"""A side of a connection knows its partner by the GLN that it has confirmed, whatever the partner states later."""

from __future__ import annotations

from harness.answers import JsonObject
from harness.people import Session
from harness.rows import rows
from harness.world import World
from network.partners import account, act, confirm_gln, declare_gln, invite, listed, new_account, new_partner, read
from network.recalling import RECALLS, sent_to
from traceability.test_routes import capture, new_lots


def recipient(world: World, gln: str) -> JsonObject:
    """Of a recall of what was sent to this GLN."""
    item = new_lots(1)[0]
    capture(world, world.account.account_id, sent_to([item], gln, at=1))
    body = {"items": [item.uri], "reason": "The dye exceeds its limit."}
    recall = world.api.post(RECALLS, bearer=world.owner.access, json=body).expect(201).data()
    (found,) = recall["recipients"]
    return dict(found)


def confirmed(world: World, connection: JsonObject, by: Session | None = None) -> str | None:
    found: str | None = read(world, by or world.owner, connection).expect(200).data()["confirmedGln"]
    return found


def test_a_partner_who_states_the_gln_of_another_gets_none_of_their_notices(world: World) -> None:
    """Security rule 229: whoever declared a GLN was taken for its company, or kept its notices from it."""
    buyer, connection = new_partner(world)
    gln = declare_gln(world, buyer)
    confirm_gln(world, world.owner, connection["id"], gln).expect(200)
    thief, theirs = new_partner(world)
    declare_gln(world, thief, gln)
    assert confirmed(world, theirs) is None
    found = recipient(world, gln)
    assert (found["connectionId"], found["notified"], found["contested"]) == (connection["id"], True, False)
    confirm_gln(world, world.owner, theirs["id"], gln).expect(409, "conflict")
    stranger = declare_gln(world, thief)
    assert (recipient(world, stranger)["partner"], recipient(world, gln)["notified"]) == (None, True)


def test_a_partner_stays_known_by_its_gln_until_a_new_one_is_confirmed(world: World) -> None:
    """Security rule 229."""
    buyer, connection = new_partner(world)
    first = declare_gln(world, buyer)
    confirm_gln(world, world.owner, connection["id"], first).expect(200)
    second = declare_gln(world, buyer)
    assert recipient(world, first)["notified"]
    assert not recipient(world, second)["notified"]
    seen = read(world, world.owner, connection).data()
    assert (seen["confirmedGln"], seen["partner"]["gln"]) == (first, second)
    confirm_gln(world, world.owner, connection["id"], first).expect(409, "invalid_state")
    confirm_gln(world, world.owner, connection["id"], second).expect(200)
    assert recipient(world, second)["notified"]
    audited = (
        f"select count(*) from audit_events where target = '{connection['id']}' and action = 'connection.gln_confirmed'"
    )
    assert int(rows(world.server.database, audited)[0][0]) == 2


def test_the_gln_that_a_partner_states_when_the_connection_begins_is_kept(world: World) -> None:
    """Security rule 229."""
    other = new_account(world)
    gln = declare_gln(world, other)
    made = invite(world, world.owner, inviteeGln=gln).expect(201).data()
    (incoming,) = [one for one in listed(world, other, "?status=PENDING") if one["id"] == made["id"]]
    act(world, other, incoming, "accept").expect(200)
    assert (confirmed(world, made), confirmed(world, made, other)) == (gln, account(world, world.owner)["gln"])
    thief = new_account(world)
    declare_gln(world, thief, gln)
    slug = account(world, thief)["slug"]
    theirs = invite(world, world.owner, inviteeSlug=slug).expect(201).data()
    act(world, thief, theirs, "accept").expect(200)
    assert confirmed(world, theirs) is None


def test_a_gln_is_confirmed_for_an_own_connection_only(world: World) -> None:
    buyer, connection = new_partner(world)
    gln = declare_gln(world, buyer)
    confirm_gln(world, world.other_owner, connection["id"], gln).expect(404, "not_found")
    confirm_gln(world, buyer, connection["id"], gln).expect(409, "invalid_state")
    act(world, buyer, connection, "revoke").expect(200)
    confirm_gln(world, world.owner, connection["id"], gln).expect(409, "invalid_state")
