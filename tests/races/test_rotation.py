"""Concurrent rotations of a secret, and rotation with overlap under load. Security rules 88 to 90."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from harness.answers import Answer
from harness.clients import OAuthClient, get_token, request_token, rotate, with_secret
from harness.concurrency import Load, PersistentClient, ask_concurrently, concurrently, seconds_until
from harness.rows import rows
from harness.world import World
from races.conftest import ClientsFactory

ROTATIONS = 16


def secrets_of(answers: Iterable[Answer]) -> list[str]:
    return [str(answer.expect(200).object()["client_secret"]) for answer in answers]


def is_dead(client: PersistentClient, oauth: OAuthClient) -> bool:
    answer = request_token(client, oauth)
    answer.expect_one_of((200, None), (401, "invalid_client"))
    return answer.status == 401


def in_order_of_commit(arena: World, oauth: OAuthClient, answers: list[Answer]) -> list[OAuthClient]:
    """The client with each of its new secrets, oldest first: the trail of an account counts its commits."""
    sql = f"SELECT request_id FROM audit_events WHERE action = 'client.secret_rotated' AND target = '{oauth.client_id}'"
    order = [request_id for (request_id,) in rows(arena.server.database, sql + " ORDER BY seq")]
    assert len(order) == len(answers)
    by_request = {answer.header("x-request-id"): answer for answer in answers}
    return [with_secret(oauth, by_request[request_id]) for request_id in order]


def live_secrets(arena: World, oauth: OAuthClient) -> int:
    """As the account's Owner sees it."""
    body = arena.api.get(f"/oauth/clients/{oauth.client_id}", bearer=arena.owner.access).expect(200).object()
    return len(body["secrets"])


def watched(
    arena: World, oauth: OAuthClient, new_clients: list[PersistentClient], **body: int
) -> tuple[list[Answer], set[int]]:
    """Rotate with every client at once; answers, and how many secrets were seen alive before, meanwhile and after."""
    seen: set[int] = set()
    with Load([lambda: seen.add(live_secrets(arena, oauth))]) as watch:
        watch.wait_for_everybody()
        answers = ask_concurrently(new_clients, lambda client: rotate(client, oauth, arena.owner.access, **body))
        watch.wait_for_everybody()
    assert len(set(secrets_of(answers))) == len(new_clients)
    return answers, seen


def test_rule_90_of_concurrent_rotations_the_last_commit_wins(
    arena: World, new_clients: ClientsFactory, bound: float
) -> None:
    oauth = arena.new_client()
    callers = new_clients(ROTATIONS)
    answers, seen = watched(arena, oauth, callers)
    assert seen == {1}
    *dead, live = in_order_of_commit(arena, oauth, answers)
    for client in callers[:2]:
        for old in (oauth, *dead):
            seconds_until(is_dead, client, old, within=bound)
        request_token(client, live).expect(200)


def test_rule_89_with_overlap_at_most_two_secrets_are_valid(
    arena: World, new_clients: ClientsFactory, bound: float
) -> None:
    oauth = arena.new_client()
    callers = new_clients(ROTATIONS)
    answers, seen = watched(arena, oauth, callers, grace_period_seconds=3600)
    assert seen == {1, 2}
    *dead, previous, live = in_order_of_commit(arena, oauth, answers)
    for client in callers[:2]:
        for old in (oauth, *dead):
            seconds_until(is_dead, client, old, within=bound)
        request_token(client, previous).expect(200)
        request_token(client, live).expect(200)


def test_r18_one_idempotency_key_is_one_rotation(arena: World, new_clients: ClientsFactory) -> None:
    oauth = arena.new_client()
    path, key = f"/oauth/clients/{oauth.client_id}/rotate", {"Idempotency-Key": "same"}
    answers = ask_concurrently(
        new_clients(ROTATIONS), lambda client: client.post(path, bearer=arena.owner.access, headers=key, repeats=True)
    )
    secrets = set(secrets_of(answers))
    assert len(secrets) == 1
    arena.vault.remember("client secret", secrets.pop())
    sql = f"SELECT count(*) FROM client_secrets WHERE client_id = '{oauth.client_id}'"
    assert rows(arena.server.database, sql) == [["2"]]
    request_token(arena.api, with_secret(oauth, answers[0])).expect(200)


def test_rule_89_rotations_with_overlap_cause_no_failed_request(arena: World, new_clients: ClientsFactory) -> None:
    oauth = arena.new_client()
    *callers, admin = new_clients(7)

    def use(client: PersistentClient) -> None:
        # Looked up when the request is sent: this secret is the newest one at that moment.
        request_token(client, oauth).expect(200)

    with Load([partial(use, client) for client in callers]) as load:
        for _ in range(10):
            load.wait_for_everybody()
            oauth = with_secret(oauth, rotate(admin, oauth, arena.owner.access, grace_period_seconds=60))
        load.wait_for_everybody()
    assert live_secrets(arena, oauth) == 2


def test_rule_88_a_client_that_rotates_itself_races_its_owner(
    arena: World, new_clients: ClientsFactory, bound: float
) -> None:
    oauth = arena.new_client()
    callers = new_clients(8)
    bearers = [get_token(client, oauth) if number % 2 else arena.owner.access for number, client in enumerate(callers)]
    answers = concurrently(
        [partial(rotate, client, oauth, bearer) for client, bearer in zip(callers, bearers, strict=True)]
    )
    for number, answer in enumerate(answers):
        # Security rule 298: once the secret of its token has been replaced, the client itself is too late.
        answer.expect_one_of((200, None), *([(401, "invalid_token")] if number % 2 else []))
    rotated = [answer for answer in answers if answer.status == 200]
    assert len(rotated) in (len(answers) // 2, len(answers) // 2 + 1)
    *dead, live = in_order_of_commit(arena, oauth, rotated)
    for client in callers[:2]:
        for old in (oauth, *dead):
            seconds_until(is_dead, client, old, within=bound)
        request_token(client, live).expect(200)
