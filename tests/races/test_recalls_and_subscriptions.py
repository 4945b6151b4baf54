"""What is done at the same moment to one recall, or to the last free subscription, ends in one order."""

from __future__ import annotations

from functools import partial

from epcis.subscribed import make_query, remove_query
from harness.concurrency import concurrently
from harness.people import sign_in
from harness.rows import count_rows
from harness.world import World
from linkxg.network.epcis.subscriptions.model import MAX_SUBSCRIPTIONS
from network.recalling import NOTICES, RECALLS, received
from races.things import SUBSCRIPTION

PARALLEL = 6


def test_of_concurrent_withdrawals_one_wins_and_acknowledgements_are_answered(world: World) -> None:
    for _ in range(3):
        notice = received(world)
        recall = world.api.get(f"{RECALLS}?limit=1", bearer=world.other_owner.access).expect(200).object()["data"][0]
        withdraw = partial(
            world.api.post, f"{RECALLS}/{recall['id']}/withdraw", bearer=world.other_owner.access, json={}
        )
        acknowledge = partial(
            world.api.post, f"{NOTICES}/{notice['id']}/acknowledge", bearer=world.owner.access, json={}
        )
        answers = [one.status for one in concurrently([*[withdraw] * PARALLEL, *[acknowledge] * PARALLEL])]
        for of_kind in (answers[:PARALLEL], answers[PARALLEL:]):
            assert sorted(of_kind) == [200] + [409] * (PARALLEL - 1)
        shown = world.api.get(f"{NOTICES}/{notice['id']}", bearer=world.owner.access).expect(200).data()
        assert shown["acknowledgedAt"]
        # An acknowledgement is in the trails of both.
        for target, action, count in ((recall["id"], "recall.withdrawn", 1), (notice["id"], "recall.acknowledged", 2)):
            where = f"audit_events where target = '{target}' and action = '{action}'"
            assert count_rows(world.server.database, where) == count


def test_rule_217_no_more_than_the_last_free_subscription_is_made_at_once(world: World) -> None:
    account = world.server.bootstrap("Subscribers Ltd", another=True)
    owner = sign_in(world.api, account.owner).access
    make_query(world, "all", {}, owner)
    path = "/epcis/queries/all/subscriptions"
    for _ in range(MAX_SUBSCRIPTIONS - 1):
        world.api.post(path, bearer=owner, json=SUBSCRIPTION).expect(201)
    answers = concurrently([lambda: world.api.post(path, bearer=owner, json=SUBSCRIPTION).status] * PARALLEL)
    assert sorted(answers) == [201] + [409] * (PARALLEL - 1)
    remove_query(world, "all", owner)
