"""A write that waited for another one goes by the time at which it could go on."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest

from harness.world import World
from linkxg.clock import now_ms
from network.connected import decide, sent
from network.held_writes import held_back
from network.partners import invite, new_account, slug_of
from network.shared_feed import entries_after, newest
from network.sharing import connection_of, post_share, rfc3339, share
from products.catalogue import complete, create, publish, published

pytestmark = pytest.mark.usefixtures("without_shares")
CHAINS, FEEDS = "audit_heads", "feed_heads"
LIFE_MS, WAIT_S = 900, 1.2


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1_000


def test_a_share_that_expires_while_it_waits_is_not_created(world: World) -> None:
    product, connection = published(world), connection_of(world)
    terms = {"type": "PRODUCT", "productId": product["id"], "expiresAt": rfc3339(now_ms() + LIFE_MS)}
    answer, _ = held_back(world, CHAINS, partial(post_share, world, connection=connection, **terms), seconds=WAIT_S)
    details = answer.expect(422, "validation_failed").object()["details"]
    assert [one["field"] for one in details] == ["expiresAt"]


def test_an_approval_that_expires_while_it_waits_is_not_given(world: World) -> None:
    request = sent(world, productId=published(world)["id"])
    terms = {"expiresAt": rfc3339(now_ms() + LIFE_MS)}
    approving = partial(decide, world, world.owner, request, "approve", json=terms)
    answer, _ = held_back(world, CHAINS, approving, seconds=WAIT_S)
    details = answer.expect(422, "validation_failed").object()["details"]
    assert [one["field"] for one in details] == ["expiresAt"]


def test_an_invitation_that_waited_lives_from_then_on(world: World) -> None:
    slug = slug_of(world, new_account(world))
    answer, released = held_back(world, CHAINS, partial(invite, world, world.owner, inviteeSlug=slug))
    assert _ms(answer.expect(201).data()["invitedAt"]) >= released


def test_a_publication_that_waited_is_not_in_the_feed_of_a_share_that_expired(world: World) -> None:
    product = create(world, **complete())
    begin = newest(world)
    share(world, product, expiresAt=rfc3339(now_ms() + LIFE_MS))
    answer, _ = held_back(world, CHAINS, partial(publish, world, product), seconds=WAIT_S)
    answer.expect(200)
    assert [entry["type"] for entry in entries_after(world, begin)] == ["SHARE_ADDED", "SHARE_EXPIRED"]


def test_entries_of_a_feed_are_dated_in_their_order(world: World) -> None:
    begin = newest(world)
    answer, released = held_back(world, FEEDS, partial(post_share, world))
    answer.expect(201)
    (entry,) = entries_after(world, begin)
    assert _ms(entry["at"]) >= released
