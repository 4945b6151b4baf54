"""Concurrent answers to invitations: one wins, both sides agree, never a 5xx."""

from __future__ import annotations

from functools import partial

from harness.concurrency import concurrently
from harness.world import World
from network.partners import act, invite, listed, new_account, new_partner, read, slug_of


def test_of_concurrent_accepts_one_wins(world: World) -> None:
    other = new_account(world)
    invitation = invite(world, world.owner, inviteeSlug=slug_of(world, other)).expect(201).data()
    answers = concurrently(partial(act, world, other, invitation, "accept") for _ in range(4))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]


def test_accept_and_withdraw_at_once_leave_both_sides_in_agreement(world: World) -> None:
    other = new_account(world)
    for _ in range(4):
        invitation = invite(world, world.owner, inviteeSlug=slug_of(world, other)).expect(201).data()
        accepted, revoked = concurrently(
            [partial(act, world, other, invitation, "accept"), partial(act, world, world.owner, invitation, "revoke")]
        )
        # A connection may be accepted, and ended right after.
        assert revoked.status == 200
        assert accepted.status in (200, 409)
        sides = {read(world, side, invitation).data()["status"] for side in (other, world.owner)}
        assert sides == {"REVOKED"}


def test_crossing_invitations_end_in_one_connection(world: World) -> None:
    first, second = new_account(world), new_account(world)
    slugs = slug_of(world, first), slug_of(world, second)
    answers = concurrently(
        [partial(invite, world, first, inviteeSlug=slugs[1]), partial(invite, world, second, inviteeSlug=slugs[0])]
    )
    assert {answer.status for answer in answers} <= {201, 409}
    made = [answer.data() for answer in answers if answer.status == 201]
    assert made
    to_second = invite(world, first, inviteeEmail=second.person.email).expect(201).data()
    to_first = invite(world, second, inviteeEmail=first.person.email).expect(201).data()
    answers = concurrently(
        [partial(act, world, second, to_second, "accept"), partial(act, world, first, to_first, "accept")]
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    for side in (first, second):
        assert len(listed(world, side, "?status=ACTIVE")) == 1


def test_both_sides_may_end_a_connection_at_once(world: World) -> None:
    other, connection = new_partner(world)
    answers = concurrently(partial(act, world, side, connection, "revoke") for side in (other, world.owner))
    assert sorted(answer.status for answer in answers) == [200, 409]
