"""Who may rotate a secret, and which secrets are live afterwards. Security rules 88 to 91 and 94."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import alive, case
from harness.answers import Answer
from harness.clients import (
    ALL_SCOPES,
    get_token,
    is_accepted,
    make_client,
    request_token,
    rotate,
    with_secret,
)
from harness.world import World

WEEK_S = 604_800


def test_rule_88_a_client_rotates_itself(world: World) -> None:
    oauth = world.new_client("products:read")
    renewed = with_secret(oauth, rotate(world.api, oauth, get_token(world.api, oauth)).expect(200))
    assert alive(world, renewed)
    assert not alive(world, oauth)


def test_rule_88_no_client_rotates_another(world: World) -> None:
    victim, stranger = world.new_client("products:read"), world.new_client()
    for token in (get_token(world.api, stranger), get_token(world.api, world.other_oauth)):
        rotate(world.api, victim, token).expect_one_of((403, "access_denied"), (404, "not_found"))
    assert alive(world, victim)


def test_rule_94_self_rotation_can_be_switched_off(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read", self_rotation=False)
    rotate(world.api, oauth, get_token(world.api, oauth)).expect(403, "access_denied")
    assert alive(world, oauth)
    rotate(world.api, oauth, world.owner.access).expect(200)


def test_rule_89_rotation_kills_the_old_secret_at_once(world: World) -> None:
    oauth = world.new_client("products:read")
    token = get_token(world.api, oauth)
    answer = rotate(world.api, oauth, world.owner.access).expect(200)
    body = answer.object()
    assert body.keys() >= {"client_id", "client_secret", "client_secret_expires_at"}
    assert body["client_secret"] != oauth.client_secret
    request_token(world.api, oauth).expect(401, "invalid_client")
    assert alive(world, with_secret(oauth, answer))
    assert is_accepted(world.api, token), "only revoke_tokens ends live tokens"


def test_rule_89_revoke_tokens_ends_live_tokens(world: World) -> None:
    oauth = world.new_client("products:read")
    tokens = [get_token(world.api, oauth) for _ in range(3)]
    answer = rotate(world.api, oauth, world.owner.access, revoke_tokens=True).expect(200)
    assert not any(is_accepted(world.api, token) for token in tokens)
    renewed = with_secret(oauth, answer)
    assert is_accepted(world.api, get_token(world.api, renewed)), "a token of the same second must live"


def test_rule_89_an_overlap_has_at_most_two_live_secrets(world: World) -> None:
    first = world.new_client("products:read")
    second = with_secret(first, rotate(world.api, first, world.owner.access, grace_period_seconds=600).expect(200))
    assert alive(world, first)
    assert alive(world, second)
    third = with_secret(first, rotate(world.api, first, world.owner.access, grace_period_seconds=600).expect(200))
    assert [alive(world, oauth) for oauth in (first, second, third)] == [False, True, True]
    fourth = with_secret(first, rotate(world.api, first, world.owner.access).expect(200))
    assert [alive(world, oauth) for oauth in (second, third, fourth)] == [False, False, True]


def test_rule_89_an_overlap_can_be_finished_and_the_last_secret_stays(world: World) -> None:
    first = world.new_client("products:read")
    answer = rotate(world.api, first, world.owner.access, grace_period_seconds=600).expect(200)
    path = f"/oauth/clients/{first.client_id}"
    assert world.api.delete(f"{path}/secrets/{first.secret_id}", bearer=world.owner.access).status in {
        200,
        204,
    }
    assert not alive(world, first)
    assert alive(world, with_secret(first, answer))
    last = world.api.get(path, bearer=world.owner.access).expect(200).object()["secrets"]
    live = [entry["id"] for entry in last if entry["id"] != first.secret_id]
    world.api.delete(f"{path}/secrets/{live[0]}", bearer=world.owner.access).expect(409, "conflict")
    assert alive(world, with_secret(first, answer))


@pytest.mark.parametrize(
    "body",
    [
        case(89, "negative", {"grace_period_seconds": -1}),
        case(89, "above the cap", {"grace_period_seconds": WEEK_S + 1}),
        case(89, "fraction", {"grace_period_seconds": 0.5}),
        case(89, "text", {"grace_period_seconds": "600"}),
        case(89, "true", {"grace_period_seconds": True}),
        case(89, "null", {"grace_period_seconds": None}),
        case(89, "huge", {"grace_period_seconds": 10**30}),
        case(89, "revoke as text", {"revoke_tokens": "yes"}),
        case(89, "revoke as number", {"revoke_tokens": 1}),
        case(89, "a list", [600]),
    ],
)
def test_a_malformed_rotation_changes_nothing(world: World, body: Any) -> None:
    oauth = world.new_client("products:read")
    path = f"/oauth/clients/{oauth.client_id}/rotate"
    answer = world.api.post(path, bearer=world.owner.access, json=body, reveals=True)
    if body == {"grace_period_seconds": None} and answer.status == 200:
        return  # an absent member and null may mean the same
    answer.expect(400, "invalid_request")
    assert alive(world, oauth)


def test_rule_90_parallel_rotations_leave_exactly_one_live_secret(world: World) -> None:
    oauth = world.new_client("products:read")

    def attempt(_: int) -> Answer:
        with world.server.client() as own:
            return rotate(own, oauth, world.owner.access)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, range(4)))
    won = [with_secret(oauth, answer) for answer in answers if answer.status == 200]
    assert won, answers
    for answer in answers:
        answer.expect_one_of((200, None), (409, "conflict"))
    assert [alive(world, each) for each in [*won, oauth]].count(True) == 1


def test_rule_90_a_retried_rotation_makes_one_secret(world: World) -> None:
    oauth = world.new_client("products:read")
    path = f"/oauth/clients/{oauth.client_id}/rotate"
    headers = {"Idempotency-Key": str(uuid4())}
    first = world.api.post(path, bearer=world.owner.access, headers=headers, reveals=True).expect(200)
    again = world.api.post(path, bearer=world.owner.access, headers=headers, reveals=True, repeats=True)
    again.expect(200)
    assert again.object()["client_secret"] == first.object()["client_secret"]
    assert alive(world, with_secret(oauth, first))


def test_rule_91_rotation_never_changes_scopes(world: World) -> None:
    oauth = world.new_client("products:read")
    path = f"/oauth/clients/{oauth.client_id}"
    answer = world.api.post(f"{path}/rotate", bearer=world.owner.access, json={"scope": ALL_SCOPES}, reveals=True)
    if answer.status == 200:
        assert request_token(world.api, with_secret(oauth, answer)).object()["scope"] == "products:read"
    else:
        answer.expect(400, "invalid_request")
        assert request_token(world.api, oauth).object()["scope"] == "products:read"
