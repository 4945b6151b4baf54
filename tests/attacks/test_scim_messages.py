"""One SCIM message costs little, keeps nobody waiting and keeps no leaver in. Security rules 201 and 202."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from attacks.cases import case
from harness.people import add_person, me, sign_in
from harness.world import World
from network.partners import new_account
from scim.provider import PATCH, USER, Provider, end_tokens, new_provider


@pytest.fixture
def provider(world: World) -> Iterator[Provider]:
    yield new_provider(world)
    end_tokens(world)


def _selections(members: int, comparisons: int) -> dict[str, Any]:
    """One operation without a path whose members each select among ten addresses."""
    filters = [" or ".join(f'type eq "{one}-{n}"' for n in range(comparisons - 1)) for one in range(members)]
    return {"op": "replace", "value": {f'emails[type eq "t0" or {one}].display': "x" for one in filters}}


def _emails() -> list[dict[str, str]]:
    return [{"value": f"a{n}@mail.test", "type": f"t{n}"} for n in range(10)]


def test_rule_201_the_members_of_a_value_count_as_operations(provider: Provider) -> None:
    person = provider.create(emails=_emails())
    provider.patch(person["id"], _selections(20, 2)).expect(200)
    provider.patch(person["id"], _selections(51, 2)).expect(400, "invalidSyntax")
    provider.patch(person["id"], *[_selections(10, 2)] * 6).expect(400, "invalidSyntax")


def test_rule_201_the_filters_of_a_request_are_bounded_together(provider: Provider) -> None:
    person = provider.create(emails=_emails())
    provider.patch(person["id"], _selections(5, 10)).expect(200)
    provider.patch(person["id"], _selections(6, 10)).expect(400, "invalidPath")
    long = {"op": "replace", "path": f'emails[type eq "{"x" * 1_900}"].display', "value": "x"}
    provider.patch(person["id"], *[long] * 3).expect(400, "invalidPath")


def test_rule_201_large_messages_let_others_write(world: World, provider: Provider) -> None:
    """What one message costs, others would wait for: here ten large ones, all refused, beside small writes."""
    person, other = provider.create(emails=_emails()), provider.create()
    large = _selections(600, 3)
    senders = [threading.Thread(target=provider.patch, args=(person["id"], large)) for _ in range(10)]
    with world.server.process.within_cpu_seconds(2):
        for sender in senders:
            sender.start()
        provider.patch(other["id"], {"op": "replace", "path": "displayName", "value": "Ada"}).expect(200)
        for sender in senders:
            sender.join()


def test_rule_201_changes_of_one_person_at_the_same_time_are_all_kept(provider: Provider) -> None:
    """They are worked out before the transaction, from what was seen then."""
    person = provider.create()
    added = [{"op": "add", "path": "emails", "value": [{"value": f"b{n}@mail.test"}]} for n in range(5)]
    senders = [threading.Thread(target=provider.patch, args=(person["id"], one)) for one in added]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    found = provider.get(f"/Users/{person['id']}").expect(200).object()["emails"]
    assert sorted(one["value"] for one in found) == [f"b{n}@mail.test" for n in range(5)]


REFUSED: dict[str, dict[str, Any]] = {
    "role": {"roles": [{"value": "EMPEROR"}]},
    "Owner": {"roles": [{"value": "OWNER"}]},
    "long name": {"displayName": "x" * 300},
    "no name": {"userName": ""},
    "name of two lines": {"name": {"givenName": "A\nB"}},
    "eleven addresses": {"emails": [{"value": f"c{n}@mail.test"} for n in range(11)]},
}


@pytest.mark.parametrize("name", [case(202, name, name) for name in REFUSED])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "PATCH with paths", "quoted"])
def test_a_leaver_is_out_whatever_else_is_refused(world: World, provider: Provider, method: str, name: str) -> None:
    person = add_person(world.api, world.owner, "MEMBER")
    session = sign_in(world.api, person)
    members = REFUSED[name]
    if method == "PUT":
        body = {"schemas": [USER], "userName": person.email, "active": False} | members
        answer = provider.put(person.user_id, json=body)
    elif method == "PATCH with paths":
        operations = [{"op": "replace", "path": path, "value": value} for path, value in members.items()]
        answer = provider.patch(
            person.user_id, *operations, {"op": "Replace", "path": f"{USER}:active", "value": "False"}
        )
    else:
        value = {"active": "False" if method == "quoted" else False} | members
        answer = provider.patch(person.user_id, {"op": "replace", "value": value})
    answer.expect(*((403, "scim") if name == "Owner" else (400, "invalidValue")))
    me(world.api, session.access).expect(401, "invalid_token")
    found = provider.get(f"/Users/{person.user_id}").expect(200).object()
    assert (found["active"], found["roles"][0]["value"]) == (False, "MEMBER")


def test_rule_202_an_operation_that_is_no_operation_keeps_no_leaver_in(world: World, provider: Provider) -> None:
    refusals = ((400, "invalidSyntax"), (400, "invalidPath"), (400, "invalidValue"))
    for other in ({"op": "copy", "path": "displayName"}, {"op": "replace", "path": "a[", "value": 1}, 7):
        person = add_person(world.api, world.owner, "MEMBER")
        session = sign_in(world.api, person)
        leaves = {"op": "replace", "path": "active", "value": False}
        body = {"schemas": [PATCH], "Operations": [leaves, other]}
        provider.request("PATCH", f"/Users/{person.user_id}", json=body).expect_one_of(*refusals)
        me(world.api, session.access).expect(401, "invalid_token")


def test_rule_202_who_is_no_leaver_stays_as_they_were(world: World, provider: Provider) -> None:
    """The last word on `active` counts; a precondition that does not hold changes nothing."""
    person = add_person(world.api, world.owner, "MEMBER")
    session = sign_in(world.api, person)
    off, on = ({"op": "replace", "path": "active", "value": value} for value in (False, True))
    bad = {"op": "replace", "path": "roles", "value": "EMPEROR"}
    provider.patch(person.user_id, off, on, bad).expect(400, "invalidValue")
    provider.patch(person.user_id, off, bad, headers=[("If-Match", '"other"')]).expect_one_of(
        (412, None), (412, "scim"), (412, "precondition_failed")
    )
    me(world.api, session.access).expect(200)


def test_rule_202_the_last_owner_stays(world: World) -> None:
    """In an account of its own: other tests make more Owners of the first."""
    owner = new_account(world)
    provider = new_provider(world, owner)
    (person,) = world.api.get("/account/users", bearer=owner.access).expect(200).data()
    bad = {"op": "replace", "value": {"active": False, "displayName": "x" * 300}}
    provider.patch(person["id"], bad).expect(409, "mutability")
    me(world.api, owner.access).expect(200)
    end_tokens(world, owner)
