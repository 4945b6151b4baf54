"""A mail server that accepts connections and never answers holds up neither an answer nor a stop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from faults.conftest import NewWorld
from harness.clients import get_token, rotate
from harness.people import new_email
from harness.rows import execute
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import AT_ONCE, MAX_WAITING, MAX_WAITING_OF_ACCOUNT, Mail, MailQueue
from network.partners import invite

STOPS_WITHIN_S = 9.0


@pytest.fixture
def stalled() -> Iterator[str]:
    """The address of a mail server that says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listener:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"


def test_a_stop_does_not_wait_for_a_stalled_mail_server(new_world: NewWorld, stalled: str) -> None:
    """What is stopped after the mails is stopped in order: the use of a secret is counted. Promise R9."""
    world = new_world("sqlite", LINKXG_SMTP_URL=stalled)
    for _ in range(9):
        invite(world, world.owner, inviteeEmail=new_email()).expect(201)
    rotate(world.api, world.oauth, world.owner.access).expect(200)
    oauth = world.new_client()
    get_token(world.api, oauth)
    began = time.monotonic()
    world.server.terminate()
    (lost,) = world.server.wait_for_event("mail.lost")
    assert world.server.stop() == 0
    assert time.monotonic() - began < STOPS_WITHIN_S
    # Nine invitations, two new clients and a rotation.
    assert lost["mails"] == 12
    uses = f"select uses from client_secrets where client_id = '{oauth.client_id}'"
    assert execute(world.server.database, uses) == [["1"]]


class _Mailer(Mailer):
    """Sends nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__("smtp://127.0.0.1:1", "linkxg@example.test")
        self.sent: list[str] = []
        self.open = asyncio.Event()

    async def send(self, to: str, subject: str, text: str) -> bool:
        await self.open.wait()
        self.sent.append(to)
        return True


def test_the_queue_of_mails_is_bounded() -> None:
    """Recipients are read from the database only when it is the turn of the mail."""
    accounts = MAX_WAITING // MAX_WAITING_OF_ACCOUNT + 1
    composed, sent = queued([str(number % accounts) for number in range(MAX_WAITING + 5)])
    assert composed == list(range(AT_ONCE))
    assert sent == [str(number) for number in range(MAX_WAITING)]


def test_one_account_leaves_room_for_the_mails_of_others() -> None:
    _, sent = queued(["greedy"] * MAX_WAITING + ["other"])
    assert sent == [str(number) for number in range(MAX_WAITING_OF_ACCOUNT)] + [str(MAX_WAITING)]


def queued(account_ids: list[str]) -> tuple[list[int], list[str]]:
    """(the numbers of the mails that are composed before any is sent, the recipients), of a mail of each account."""

    async def run() -> tuple[list[int], list[str]]:
        mailer = _Mailer()
        queue = MailQueue(mailer)
        composed: list[int] = []

        async def compose(number: int) -> list[Mail]:
            composed.append(number)
            return [Mail(str(number), "Subject", "Text")]

        for number, account_id in enumerate(account_ids):
            queue.send(account_id, partial(compose, number))
        await asyncio.sleep(0)
        begun = composed.copy()
        mailer.open.set()
        await queue.stop()
        return begun, mailer.sent

    return asyncio.run(run())
