"""Answers while mail or the shared counters are unreachable, and while too many people sign in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from conftest import GENERAL
from faults.conftest import ClientsFactory, NewWorld
from harness.clients import request_token
from harness.concurrency import PersistentClient, concurrently, seconds_until
from harness.people import accept, invite, login, me
from harness.processes import free_port
from harness.redis import KeyValueServer
from harness.smtp_sink import SmtpSink

WAITING, OVER_THAT = 64, 100
SOON_S = 10.0
SILENT_S = 8.0


def test_an_invitation_comes_as_a_link_when_no_mail_can_be_sent(new_world: NewWorld) -> None:
    world = new_world("sqlite", LINKXG_SMTP_URL=f"smtp://127.0.0.1:{free_port()}")
    _, token = invite(world.api, world.owner, "MEMBER")
    assert accept(world.api, token, world.vault.password()).status in {200, 201}
    (event,) = world.server.wait_for_event("mail.failed")
    assert event["level"] == "warning"


def test_the_mail_reaches_its_mailbox_and_no_link_is_shown(new_world: NewWorld, smtp_sink: SmtpSink) -> None:
    """The counterpart: only a failure makes the inviting person see the link. A domain is sent as ASCII (RFC 5891)."""
    world = new_world("sqlite", LINKXG_SMTP_URL=smtp_sink.url)
    mailboxes = {
        "nora@example.test": "nora@example.test",
        "einkauf@müller.example": "einkauf@xn--mller-kva.example",
    }
    for email, mailbox in mailboxes.items():
        body = {"email": email, "role": "VIEWER"}
        made = world.api.post("/account/users", bearer=world.owner.access, json=body).expect(201)
        assert made.data()["mailed"]
        assert b"invitations/" not in made.body
        assert smtp_sink.wait_for(mailbox).recipients == (mailbox,)


def test_without_shared_counters_limited_requests_are_rejected(
    new_world: NewWorld, key_value_server: KeyValueServer
) -> None:
    """Gone or silent: an unlimited service would be worse. What has no budget goes on."""
    world = new_world("sqlite", LINKXG_LIMITS_URL=key_value_server.url, **GENERAL)
    person, token = world.person(), world.token()
    key_value_server.stop()
    limited = (partial(request_token, oauth=world.oauth), partial(login, email=person.email, password=person.password))
    client = PersistentClient(world.server, faulty=True)
    for ask in limited:
        ask(client).expect(503, "temporarily_unavailable")
    client.get("//healthz").expect(200)
    me(client, world.owner.access).expect(200)
    client.get("/products", bearer=token).expect(200)
    key_value_server.start()
    for ask in limited:
        seconds_until(lambda ask=ask: ask(client).status == 200, within=SOON_S)
    key_value_server.pause()
    try:
        assert request_token(client, world.oauth).expect(503, "temporarily_unavailable").seconds < SILENT_S
    finally:
        key_value_server.resume()
    seconds_until(lambda: request_token(client, world.oauth).status == 200, within=SOON_S)
    client.close()


def test_sign_ins_that_would_wait_too_long_are_refused_and_tokens_flow(
    new_world: NewWorld, new_clients: ClientsFactory
) -> None:
    world = new_world("sqlite", LINKXG_PASSWORD_THREADS="1", **GENERAL)
    person = world.person()
    crowd = new_clients(world.server, OVER_THAT, faulty=True)
    (other,) = new_clients(world.server)
    tokens: list[float] = []

    def sign_in(client: PersistentClient) -> int:
        answer = login(client, person.email, person.password)
        answer.expect_one_of((200, None), (503, "temporarily_unavailable"))
        return answer.status

    def fetch() -> int:
        tokens.extend(request_token(other, world.oauth).expect(200).seconds for _ in range(20))
        return 0

    calls: list[Callable[[], int]] = [*(partial(sign_in, client) for client in crowd), fetch]
    statuses = concurrently(calls)
    assert statuses.count(503) > 0
    # One is being hashed, and more may come while the first are done.
    assert statuses.count(200) >= WAITING
    assert max(tokens) < 1.0
