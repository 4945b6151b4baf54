"""A company without an account is connected by the mailed link, once."""

from __future__ import annotations

from uuid import uuid4

from harness.concurrency import concurrently
from harness.people import new_email
from harness.world import World
from network.partners import account, act, invite, join, new_partner, read, token_of


def test_the_link_creates_a_connected_account_once(world: World) -> None:
    name = f"Weaver {uuid4()}"
    session, connection = new_partner(world, name)
    assert (connection["status"], connection["direction"]) == ("ACTIVE", "INCOMING")
    assert (connection["relationship"], connection["partner"]["name"]) == ("CUSTOMER", world.account.name)
    found = read(world, world.owner, connection).expect(200).data()
    assert found["partner"]["name"] == name
    assert found["partner"]["accountId"] == account(world, session)["id"]
    me = world.api.get("/auth/me", bearer=session.access).expect(200).data()
    assert (me["role"], me["email"]) == ("OWNER", found["invitee"])


def test_a_used_withdrawn_or_wrong_token_is_not_found(world: World) -> None:
    made = invite(world, world.owner, inviteeEmail=new_email()).expect(201)
    assert join(world, token_of(made), "Once Ltd")[0].expect(201)
    join(world, token_of(made), "Once Ltd")[0].expect(404, "not_found")
    withdrawn = invite(world, world.owner, inviteeEmail=new_email()).expect(201)
    act(world, world.owner, withdrawn.data(), "revoke").expect(200)
    join(world, token_of(withdrawn), "Never Ltd")[0].expect(404, "not_found")
    join(world, "lxginv_" + "0" * 49, "Never Ltd")[0].expect(404, "not_found")


def test_an_address_with_an_account_signs_in_instead(world: World) -> None:
    session, connection = new_partner(world)
    act(world, session, connection, "revoke").expect(200)
    made = invite(world, world.owner, inviteeEmail=session.person.email).expect(201)
    join(world, token_of(made), "Second Ltd")[0].expect(409, "conflict")
    act(world, session, made.data(), "accept").expect(200)
    join(world, token_of(made), "Second Ltd")[0].expect(404, "not_found")


def test_name_and_password_are_checked_together(world: World) -> None:
    made = invite(world, world.owner, inviteeEmail=new_email()).expect(201)
    given = {"accountName": " ", "password": "short"}
    refused = world.api.post(f"/connection-invitations/{token_of(made)}/accept", json=given)
    details = refused.expect(422, "validation_failed").object()["details"]
    assert [one["field"] for one in details] == ["accountName", "password"]


def test_concurrent_uses_of_one_link_make_one_account(world: World) -> None:
    made = invite(world, world.owner, inviteeEmail=new_email()).expect(201)
    answers = concurrently((lambda: join(world, token_of(made), "Race Ltd")[0]) for _ in range(4))
    assert sorted(answer.status for answer in answers) == [201, 404, 404, 404]
    assert read(world, world.owner, made.data()).data()["status"] == "ACTIVE"
