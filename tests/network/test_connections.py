"""Companies connect: invited, accepted, declined, ended by either side."""

from __future__ import annotations

from uuid import uuid4

import pytest

from harness.people import new_email
from harness.world import World
from linkxg.network.connections.model import MAX_SAME_INVITATIONS
from network.partners import (
    account,
    act,
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


def test_an_invited_company_sees_the_inviter_and_accepts(world: World) -> None:
    other = new_account(world)
    made = invite(world, world.owner, inviteeSlug=slug_of(world, other), message="Hello").expect(201)
    invitation = made.data()
    assert made.header("location") == f"{world.server.url}/api/v1/connections/{invitation['id']}"
    assert (invitation["status"], invitation["direction"], invitation["partner"]) == ("PENDING", "OUTGOING", None)
    assert invitation["link"] is None
    seen = read(world, other, invitation).expect(200).data()
    assert (seen["direction"], seen["relationship"], seen["message"]) == ("INCOMING", "CUSTOMER", "Hello")
    mine = account(world, world.owner)
    assert seen["partner"] == {"accountId": mine["id"], **{name: mine[name] for name in ("name", "slug", "gln")}}
    assert seen["invitee"] is None
    accepted = act(world, other, invitation, "accept").expect(200).data()
    assert (accepted["status"], accepted["endedAt"]) == ("ACTIVE", None)
    found = read(world, world.owner, invitation).expect(200).data()
    assert (found["status"], found["partner"]["slug"]) == ("ACTIVE", slug_of(world, other))
    assert invitation["id"] in [one["id"] for one in listed(world, other, "?status=ACTIVE&direction=INCOMING")]
    assert listed(world, other, "?status=PENDING") == []
    act(world, other, invitation, "accept").expect(409, "invalid_state")
    act(world, world.owner, invitation, "accept").expect(404, "not_found")
    act(world, world.other_owner, invitation, "accept").expect(404, "not_found")
    act(world, world.other_owner, invitation, "revoke").expect(404, "not_found")
    read(world, world.other_owner, invitation).expect(404, "not_found")


def test_a_declined_invitation_shows_the_reason_and_no_account(world: World) -> None:
    other = new_account(world)
    invitation = invite(world, world.owner, inviteeGln=declare_gln(world, other)).expect(201).data()
    act(world, world.owner, invitation, "decline").expect(404, "not_found")
    declined = act(world, other, invitation, "decline", json={"reason": "Not now"}).expect(200).data()
    assert (declined["status"], declined["endedBy"]) == ("DECLINED", "SELF")
    found = read(world, world.owner, invitation).expect(200).data()
    assert (found["status"], found["endedBy"], found["reason"], found["partner"]) == (
        "DECLINED", "PARTNER", "Not now", None,
    )  # fmt: skip
    events = world.api.get("/account/audit-events?action=connection.declined", bearer=world.owner.access)
    event = events.expect(200).object()["data"][0]
    assert (event["actorKind"], event["actorId"], event["target"]) == ("partner", None, invitation["id"])
    invite(world, world.owner, inviteeGln=found["invitee"]).expect(201)


@pytest.mark.parametrize("by_inviter", [True, False])
def test_either_side_ends_a_connection_for_both(world: World, by_inviter: bool) -> None:
    other, connection = new_partner(world)
    ending, told = (world.owner, other) if by_inviter else (other, world.owner)
    ended = act(world, ending, connection, "revoke", json={"reason": "Over"}).expect(200).data()
    assert (ended["status"], ended["endedBy"]) == ("REVOKED", "SELF")
    found = read(world, told, connection).expect(200).data()
    assert (found["status"], found["endedBy"], found["reason"]) == ("REVOKED", "PARTNER", "Over")
    assert found["partner"]["accountId"] == account(world, ending)["id"]
    act(world, told, connection, "revoke").expect(409, "invalid_state")
    event = world.api.get("/account/audit-events?action=connection.revoked", bearer=told.access).object()["data"][0]
    assert (event["actorKind"], event["actorId"]) == ("partner", account(world, ending)["id"])
    assert ending.person.email not in str(event)


def test_the_inviter_withdraws_an_invitation(world: World) -> None:
    other = new_account(world)
    invitation = invite(world, world.owner, inviteeSlug=slug_of(world, other)).expect(201).data()
    act(world, other, invitation, "revoke").expect(409, "invalid_state")
    act(world, world.owner, invitation, "revoke").expect(200)
    assert read(world, other, invitation).expect(200).data()["status"] == "REVOKED"
    assert read(world, world.owner, invitation).expect(200).data()["partner"] is None
    act(world, other, invitation, "accept").expect(409, "invalid_state")


def test_the_answer_does_not_depend_on_whether_the_invitee_exists(world: World) -> None:
    other = new_account(world)
    existing = {
        "inviteeSlug": slug_of(world, other),
        "inviteeGln": declare_gln(world, other),
        "inviteeEmail": other.person.email,
    }
    missing = {"inviteeSlug": f"nobody-{uuid4().hex[:8]}", "inviteeGln": "4099999000005", "inviteeEmail": new_email()}

    def outcomes(invitee: dict[str, str]) -> list[object]:
        found: list[object] = []
        for name, value in invitee.items():
            made = invite(world, world.owner, **{name: value}).expect(201)
            found.append(_shape(made.data(), value))
            again = invite(world, world.owner, **{name: value}).expect(409, "connection_exists")
            found.append(again.object() | {"requestId": ""})
            found.append(_shape(read(world, world.owner, made.data()).expect(200).data(), value))
            found.append(_shape(act(world, world.owner, made.data(), "revoke").expect(200).data(), value))
            act(world, world.owner, made.data(), "revoke").expect(409, "invalid_state")
        return found

    assert outcomes(existing) == outcomes(missing)
    kept = listed(world, other, "?status=REVOKED")
    assert len(kept) == 4
    assert all(one["partner"]["slug"] == slug_of(world, world.owner) for one in kept)


def _shape(view: dict[str, object], invitee: str) -> dict[str, object]:
    """Without times and ids."""
    assert view["invitee"] == invitee
    own = {"id", "invitee", "link"} | {name for name in view if name.endswith("At") and view[name] is not None}
    return {name: value for name, value in view.items() if name not in own}


def test_a_known_partner_is_a_conflict_but_not_by_the_address_of_its_people(world: World) -> None:
    other, connection = new_partner(world)
    gln = declare_gln(world, other)
    invite(world, world.owner, inviteeSlug=slug_of(world, other)).expect(409, "connection_exists")
    invite(world, other, inviteeSlug=slug_of(world, world.owner)).expect(409, "connection_exists")
    invite(world, world.owner, inviteeGln=gln).expect(409, "connection_exists")
    invite(world, world.owner, inviteeEmail=other.person.email).expect(201)
    assert [one["id"] for one in listed(world, other)] == [connection["id"]]


def test_accepting_closes_the_other_invitations_between_the_two(world: World) -> None:
    other = new_account(world)
    by_slug = invite(world, world.owner, inviteeSlug=slug_of(world, other)).expect(201).data()
    by_gln = invite(world, world.owner, inviteeGln=declare_gln(world, other)).expect(201).data()
    by_mail = invite(world, world.owner, inviteeEmail=other.person.email).expect(201)
    crossing = invite(world, other, inviteeEmail=world.owner.person.email).expect(201)
    invite(world, other, inviteeSlug=slug_of(world, world.owner)).expect(409, "connection_exists")
    act(world, other, by_gln, "accept").expect(200)
    assert read(world, world.owner, by_slug).data()["status"] == "EXPIRED"
    assert read(world, world.owner, crossing.data()).data()["status"] == "EXPIRED"
    # Their end would tell whose address it is.
    assert read(world, world.owner, by_mail.data()).data()["status"] == "PENDING"
    assert read(world, other, crossing.data()).data()["status"] == "PENDING"
    act(world, other, by_mail.data(), "accept").expect(409, "invalid_state")
    act(world, world.owner, by_mail.data(), "revoke").expect(200)
    assert [one["status"] for one in listed(world, other, "?status=ACTIVE")] == ["ACTIVE"]


def test_a_gln_that_two_accounts_declare_reaches_neither(world: World) -> None:
    first, second = new_account(world), new_account(world)
    gln = declare_gln(world, first)
    declare_gln(world, second, gln)
    invite(world, world.owner, inviteeGln=gln).expect(201)
    assert listed(world, first, "?status=PENDING") == listed(world, second, "?status=PENDING") == []


def test_the_own_account_cannot_be_invited(world: World) -> None:
    own = new_account(world)
    for given in (
        {"inviteeSlug": slug_of(world, own)},
        {"inviteeGln": declare_gln(world, own)},
        {"inviteeEmail": own.person.email.upper()},
    ):
        refused = invite(world, own, **given).expect(422, "validation_failed").object()["details"]
        assert [(one["field"], one["code"]) for one in refused] == [(*given, "self_connection")]


def test_all_faults_of_an_invitation_are_listed(world: World) -> None:
    bad = {"inviteeSlug": "A", "inviteeGln": "4012345000008", "inviteeEmail": "x", "message": "x" * 501}
    found = invite(world, world.owner, role="FRIEND", **bad).expect(422, "validation_failed").object()["details"]
    assert {one["field"] for one in found} == {*bad, "relationship"}
    none = invite(world, world.owner).expect(422, "validation_failed").object()["details"]
    assert [one["field"] for one in none] == ["inviteeSlug"]
    _, connection = new_partner(world)
    act(world, world.owner, connection, "revoke", json={"reason": "x" * 501}).expect(422, "validation_failed")


def test_an_address_is_invited_a_few_times_a_day(world: World) -> None:
    address = new_email()
    for _ in range(MAX_SAME_INVITATIONS):
        made = invite(world, world.owner, inviteeEmail=address).expect(201).data()
        act(world, world.owner, made, "revoke").expect(200)
    invite(world, world.owner, inviteeEmail=address).expect(409, "conflict")
    invite(world, world.other_owner, inviteeEmail=address).expect(201)


def test_scopes_decide_who_reads_and_who_connects(world: World) -> None:
    viewer = world.session("VIEWER")
    invite(world, viewer, inviteeSlug="somebody-else").expect(403, "insufficient_scope")
    assert listed(world, viewer) == listed(world, world.owner)
    found = world.api.get("/connections?limit=1", bearer=viewer.access).expect(200).object()
    assert found["pagination"]["hasMore"] is True
    cursor = found["pagination"]["nextCursor"]
    following = listed(world, viewer, f"?limit=1&cursor={cursor}")
    assert following[0]["id"] < found["data"][0]["id"]
    world.api.get(f"/connections?cursor={cursor}", bearer=world.other_owner.access).expect(400, "invalid_cursor")


def test_a_repeated_invitation_gets_the_same_link(world: World) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    given = {"inviteeEmail": new_email()}
    first = invite(world, world.owner, headers=key, **given).expect(201)
    again = invite(world, world.owner, headers=key, repeats=True, **given).expect(201)
    assert again.header("idempotent-replayed") == "true"
    assert again.data() == first.data()
    invite(world, world.owner, headers=key, inviteeEmail=new_email()).expect(422, "idempotency_key_reused")
    answer, _ = join(world, token_of(first), "Replayed Ltd")
    connection = answer.expect(201).data()
    end = {"Idempotency-Key": str(uuid4())}
    revoked = act(world, world.owner, connection, "revoke", headers=end).expect(200)
    assert act(world, world.owner, connection, "revoke", headers=end).expect(200).data() == revoked.data()
