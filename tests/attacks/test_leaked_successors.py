"""What was made by a leaked secret goes with it, and its Owners learn of the first report. Security rule 297."""

from __future__ import annotations

import time
from typing import Any

import pytest

from attacks.test_leak_reports import SUBJECT, Scanned, scanned, works
from harness.client_assertions import make_key_client
from harness.clients import OAuthClient, get_token, request_token, rotate, with_secret
from harness.concurrency import concurrently
from harness.rows import execute
from linkxg.crypto.secrets import hint

__all__ = ["scanned"]
ENDED = "Credential found in public that had ended"


def rotated_by_itself(scanned: Scanned, oauth: OAuthClient, **body: int) -> OAuthClient:
    """By a token of this secret, as whoever has read it can."""
    api = scanned.world.api
    return with_secret(oauth, rotate(api, oauth, get_token(api, oauth), **body).expect(200))


def rotated_by_owner(scanned: Scanned, oauth: OAuthClient, **body: int) -> OAuthClient:
    return with_secret(oauth, rotate(scanned.world.api, oauth, scanned.world.owner.access, **body).expect(200))


def let_time_pass(scanned: Scanned, oauth: OAuthClient) -> None:
    """Every secret that has ended did so two hours ago."""
    of = f"where client_id = '{oauth.client_id}' and revoked_at is not null returning id"
    execute(scanned.world.server.database, f"update client_secrets set revoked_at = revoked_at - 7200000 {of}")


def mails(scanned: Scanned, oauth: OAuthClient, subject: str, number: int = 1) -> list[str]:
    """The Owner's mails about this client, at least so many."""
    owner, deadline = scanned.world.account.owner.email, time.monotonic() + 15
    while True:
        texts = [one.text() for one in scanned.sink.mails if one.is_to(owner, subject)]
        found = [text for text in texts if oauth.client_id in text]
        if len(found) >= number:
            return found
        assert time.monotonic() < deadline, f"{len(found)} mails {subject!r}"
        time.sleep(0.05)


@pytest.mark.parametrize("passes", [False, True], ids=["at once", "two hours later"])
def test_rule_297_a_thief_who_rotates_keeps_nothing(scanned: Scanned, *, passes: bool) -> None:
    world = scanned.world
    oauth = world.new_client()
    second = rotated_by_itself(scanned, oauth)
    third = rotated_by_itself(scanned, second)
    token = get_token(world.api, third)
    if passes:
        let_time_pass(scanned, oauth)
    assert scanned.report(oauth.client_secret) == ["true"]
    for secret in (second, third):
        request_token(world.api, secret).expect(401, "invalid_client")
    assert not works(world, token)
    (text,) = mails(scanned, oauth, SUBJECT)
    assert f"{scanned.world.server.url}/account/api-access/{oauth.client_id}" in text
    assert f"The secret {hint(oauth.client_secret)} of the OAuth client" in text
    assert "A secret that the client itself had made with it" in text
    assert "It had ended before" in text
    (event,) = scanned.events(oauth.client_id)
    assert event["had_ended"] is True
    assert len(event["successors"]) == 1
    assert works(world, get_token(world.api, rotated_by_owner(scanned, oauth)))


def test_rule_297_both_secrets_of_an_overlap_that_the_thief_began_end(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    second = rotated_by_itself(scanned, oauth, grace_period_seconds=3600)
    third = rotated_by_itself(scanned, second, grace_period_seconds=3600)
    assert scanned.report(oauth.client_secret) == ["true"]
    for secret in (second, third):
        request_token(world.api, secret).expect(401, "invalid_client")
    (event,) = scanned.events(oauth.client_id)
    assert len(event["successors"]) == 2


def test_rule_297_a_secret_that_an_owner_made_stays_and_those_before_the_leaked_one_too(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    second = rotated_by_itself(scanned, oauth)
    owners = rotated_by_owner(scanned, second)
    assert scanned.report(oauth.client_secret) == ["true"]
    assert works(world, get_token(world.api, owners))
    newest = rotated_by_itself(scanned, owners, grace_period_seconds=3600)
    assert scanned.report(newest.client_secret) == ["true"]
    assert works(world, get_token(world.api, owners))


def test_rule_297_the_first_report_of_a_secret_that_ended_long_ago_is_mailed_once(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    fresh = rotated_by_owner(scanned, oauth)
    let_time_pass(scanned, oauth)
    token = get_token(world.api, fresh)
    assert scanned.report(oauth.client_secret) == scanned.report(oauth.client_secret) == ["true"]
    assert works(world, token)
    (text,) = mails(scanned, oauth, ENDED)
    assert "It had ended before" in text
    assert "was revoked" not in text
    # Mails do not overtake each other: a second one would have come by now.
    assert scanned.report(fresh.client_secret) == ["true"]
    mails(scanned, oauth, SUBJECT)
    assert len(mails(scanned, oauth, ENDED)) == 1
    assert len(scanned.events(oauth.client_id)) == 2


def test_rule_297_a_rotation_during_the_report_keeps_nothing(scanned: Scanned) -> None:
    world = scanned.world
    for _ in range(5):
        oauth = world.new_client()
        token = get_token(world.api, oauth)

        def report(oauth: OAuthClient = oauth) -> Any:
            return scanned.report(oauth.client_secret)

        def steal(oauth: OAuthClient = oauth, token: str = token) -> Any:
            return rotate(world.api, oauth, token)

        labels, answer = concurrently([report, steal])
        assert labels == ["true"]
        if answer.status == 200:
            request_token(world.api, with_secret(oauth, answer)).expect(401, "invalid_client")
        else:
            answer.expect_one_of((401, "invalid_token"))
        assert not works(world, token)


def test_rule_298_whoever_holds_a_token_of_a_replaced_secret_cannot_rotate(scanned: Scanned) -> None:
    """An Owner replaces a leaked secret; its tokens live on for 15 minutes."""
    world = scanned.world
    oauth = world.new_client()
    token = get_token(world.api, oauth)
    fresh = rotated_by_owner(scanned, oauth)
    rotate(world.api, oauth, token).expect(401, "invalid_token")
    assert works(world, get_token(world.api, fresh))
    assert works(world, get_token(world.api, rotated_by_itself(scanned, fresh)))


def test_rule_297_a_report_of_a_secret_leaves_the_keys_of_the_client(scanned: Scanned) -> None:
    machine = make_key_client(scanned.world)
    assert scanned.report(machine.oauth.client_secret) == ["true"]
    assert works(scanned.world, machine.token())
