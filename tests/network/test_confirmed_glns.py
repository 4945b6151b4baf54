"""A side of a connection knows its partner by the GLN that it has confirmed, whatever the partner states later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from harness.answers import JsonObject
from harness.people import Session, new_email
from harness.rows import rows
from harness.world import World
from network.partners import (
    CONNECTIONS,
    act,
    confirm_gln,
    declare_gln,
    invite,
    join,
    listed,
    new_account,
    new_partner,
    read,
    slug_of,
    token_of,
)
from network.recalling import RECALLS, sent_to
from products.catalogue import new_gtin
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


def test_a_partner_who_was_invited_by_its_gln_is_known_by_it(world: World) -> None:
    """Security rule 229: the inviter named the GLN; the invitee was shown none."""
    other = new_account(world)
    gln = declare_gln(world, other)
    made = invite(world, world.owner, inviteeGln=gln).expect(201).data()
    act(world, other, made, "accept").expect(200)
    assert (confirmed(world, made), confirmed(world, made, other)) == (gln, None)
    thief = new_account(world)
    declare_gln(world, thief, gln)
    theirs = invite(world, world.owner, inviteeSlug=slug_of(world, thief)).expect(201).data()
    act(world, thief, theirs, "accept").expect(200)
    assert confirmed(world, theirs) is None


def test_an_invitee_who_states_the_gln_of_another_company_is_not_known_by_it(world: World) -> None:
    """Security rule 229: the inviter never saw the GLN that the invitee stated while accepting."""
    thief = new_account(world)
    made = invite(world, world.owner, inviteeEmail=thief.person.email).expect(201).data()
    stolen = declare_gln(world, thief)
    (incoming,) = [one for one in listed(world, thief, "?status=PENDING") if one["direction"] == "INCOMING"]
    act(world, thief, incoming, "accept").expect(200)
    assert confirmed(world, made) is None
    assert (recipient(world, stolen)["connectionId"], recipient(world, stolen)["notified"]) == (None, False)


def test_an_invitee_whose_gln_has_changed_is_not_known_by_the_new_one(world: World) -> None:
    """Security rule 229."""
    other = new_account(world)
    made = invite(world, world.owner, inviteeGln=declare_gln(world, other)).expect(201).data()
    declare_gln(world, other)
    act(world, other, made, "accept").expect(200)
    assert confirmed(world, made) is None


def test_the_gln_that_is_sent_back_with_accept_is_confirmed_if_the_inviter_still_states_it(world: World) -> None:
    """Security rule 229: whoever accepts confirms the GLN that they were shown, and no later one."""
    inviter = new_account(world)
    for is_changed in (False, True):
        other = new_account(world)
        shown = declare_gln(world, inviter)
        made = invite(world, inviter, inviteeSlug=slug_of(world, other)).expect(201).data()
        assert read(world, other, made).data()["partner"]["gln"] == shown
        if is_changed:
            declare_gln(world, inviter)
        act(world, other, made, "accept", json={"gln": shown}).expect(200)
        assert confirmed(world, made, other) == (None if is_changed else shown)


def test_the_gln_of_another_partner_is_not_confirmed_by_accepting(world: World) -> None:
    """Security rule 229."""
    buyer, connection = new_partner(world)
    gln = declare_gln(world, buyer)
    confirm_gln(world, world.owner, connection["id"], gln).expect(200)
    thief = new_account(world)
    declare_gln(world, thief, gln)
    made = invite(world, thief, inviteeSlug=slug_of(world, world.owner)).expect(201).data()
    act(world, world.owner, made, "accept", json={"gln": gln}).expect(200)
    assert confirmed(world, made) is None
    act(world, world.owner, made, "revoke").expect(200)


def test_a_mailed_link_confirms_only_the_gln_that_was_shown(world: World) -> None:
    """Security rule 229."""
    inviter = new_account(world)
    gln = declare_gln(world, inviter)
    for sent in (gln, new_gtin(), None):
        made = invite(world, inviter, inviteeEmail=new_email("partner")).expect(201)
        joined = join(world, token_of(made), "Linked Ltd", gln=sent)[0].expect(201).data()
        assert joined["confirmedGln"] == (gln if sent == gln else None)


def test_a_gln_is_confirmed_for_an_own_connection_only(world: World) -> None:
    buyer, connection = new_partner(world)
    gln = declare_gln(world, buyer)
    confirm_gln(world, world.other_owner, connection["id"], gln).expect(404, "not_found")
    confirm_gln(world, buyer, connection["id"], gln).expect(409, "invalid_state")
    act(world, buyer, connection, "revoke").expect(200)
    confirm_gln(world, world.owner, connection["id"], gln).expect(409, "invalid_state")


def test_a_gln_is_confirmed_for_one_partner_though_two_are_confirmed_at_the_same_time(world: World) -> None:
    """Security rule 229: both would otherwise be taken for the company, and recalls would notify neither."""
    for _ in range(5):
        first, connection = new_partner(world)
        gln = declare_gln(world, first)
        second = new_account(world)
        declare_gln(world, second, gln)
        incoming = invite(world, second, inviteeSlug=slug_of(world, world.owner)).expect(201).data()
        with world.server.client() as other, ThreadPoolExecutor(1) as pool:
            url = f"{CONNECTIONS}/{incoming['id']}/accept"
            accepting = pool.submit(other.post, url, bearer=world.owner.access, json={"gln": gln})
            confirm_gln(world, world.owner, connection["id"], gln).expect_one_of((200, None), (409, "conflict"))
            accepting.result().expect(200)
        assert [confirmed(world, one) for one in (connection, incoming)].count(gln) == 1
        for one in (connection, incoming):
            act(world, world.owner, one, "revoke").expect(200)
