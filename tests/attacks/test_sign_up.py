"""Strangers and their sign-ups: nothing is told, nothing is filled, nobody is shut out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from attacks.conftest import PROXIED, new_source
from conftest import ServerFactory, checked_for_leaks
from harness.client import Client
from harness.concurrency import concurrently
from harness.databases import PostgresDatabase
from harness.people import new_email
from harness.rows import count_rows, execute, rows
from harness.sign_ups import complete, link_of, request_link, token_for
from harness.smtp_sink import SmtpSink
from harness.vault import with_a_typo
from harness.world import World, build_world

Sources = Callable[..., Client]
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO sign_ups (digest, email, email_key, mailbox, created_at, expires_at)
SELECT CAST('flood' || i AS {binary}), 'f' || i || '@flood.test', 'f' || i || '@flood.test', 'f' || i || '@flood.test',
       {now} + i, {now} + i + 86400000 FROM n
"""


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    started = SmtpSink().start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shared(new_server: ServerFactory, engine: str, sink: SmtpSink) -> Iterator[World]:
    """Where anybody signs up, with the budgets as they ship."""
    server = new_server(engine, **PROXIED, LINKXG_SIGN_UP="open", LINKXG_SMTP_URL=sink.url)
    yield from checked_for_leaks(build_world(server, new_source()))


@pytest.fixture
def open_world(shared: World, sources: Sources) -> Iterator[World]:
    """The shared server, from a source of its own, without sign-ups."""
    yield World(shared.server, shared.account, sources(shared.server))
    execute(shared.server.database, "DELETE FROM sign_ups")


def test_rule_179_nothing_is_created_where_the_operator_does_not_permit_it(
    fresh_world: Callable[..., World], smtp_sink: SmtpSink, engine: str
) -> None:
    """Security rule 179: whatever the token or address, and of links that are under way when the setting changes."""
    world = fresh_world(engine, LINKXG_SIGN_UP="open", LINKXG_SMTP_URL=smtp_sink.url)
    token = link_of(world, smtp_sink, new_email())
    # The default.
    world.server.environment["LINKXG_SIGN_UP"] = ""
    world.server.restart()
    for address in (new_email(), world.account.owner.email, "no address"):
        request_link(world, address).expect(403, "sign_up_disabled")
    for one in (token, "lxgsup_" + "a" * 49, "none"):
        complete(world, one)[0].expect(403, "sign_up_disabled")
    given = {"accountName": "Stranger Ltd", "password": world.vault.password()}
    path = f"/connection-invitations/lxginv_{'a' * 49}/accept"
    world.api.post(path, json=given).expect(403, "sign_up_disabled")
    assert (count_rows(world.server.database, "accounts"), count_rows(world.server.database, "sign_ups")) == (1, 1)
    assert len(smtp_sink.mails) == 1


def test_rule_180_the_answer_does_not_tell_who_has_an_account(open_world: World, sink: SmtpSink) -> None:
    """Security rule 180: same status, header fields and body, and the same row."""
    world = open_world
    taken, free = world.account.owner.email, new_email("a" * 3)
    answers = [request_link(world, address).expect(200) for address in (taken, free)]
    shapes = [
        ({name for name, _ in answer.fields}, answer.body.replace(address.encode(), b""))
        for answer, address in zip(answers, (taken, free), strict=True)
    ]
    assert shapes[0] == shapes[1]
    kept = rows(world.server.database, "SELECT email_key, expires_at - created_at FROM sign_ups ORDER BY created_at")
    assert kept == [[taken, "86400000"], [free, "86400000"]]
    assert "/sign-up/" not in sink.wait_for(taken).text()
    assert "/sign-up/" in sink.wait_for(free).text()
    token_for(world, sink, free)


def test_rule_181_a_wrong_token_is_not_found(open_world: World, sink: SmtpSink) -> None:
    """Security rule 181: neither a typing error, nor another kind of credential, nor the digest is a link."""
    world = open_world
    token = link_of(world, sink, new_email())
    tokens = [with_a_typo(token), token.replace("lxgsup_", "lxginv_"), token.removeprefix("lxgsup_"), "", "x" * 3_000]
    tokens += [digest for (digest,) in rows(world.server.database, "SELECT digest FROM sign_ups")]
    for wrong in tokens:
        complete(world, wrong)[0].expect(404, "not_found")
    complete(world, token)[0].expect(201)


def test_rule_181_the_link_is_stored_as_a_digest(open_world: World, sink: SmtpSink) -> None:
    """Security rule 181: whoever reads the database or the log creates no account."""
    token = link_of(open_world, sink, new_email())
    kept = str(rows(open_world.server.database, "SELECT * FROM sign_ups"))
    assert token.removeprefix("lxgsup_")[:20] not in kept
    assert token.removeprefix("lxgsup_")[:20].encode() not in open_world.server.log_text()


def test_rule_181_one_of_many_concurrent_uses_of_a_link_succeeds(open_world: World, sink: SmtpSink) -> None:
    """Security rule 181."""
    token = link_of(open_world, sink, new_email())
    answers = concurrently((lambda: complete(open_world, token)[0]) for _ in range(6))
    assert sorted(answer.status for answer in answers) == [201, 404, 404, 404, 404, 404]


def test_rule_182_a_mailbox_gets_three_mails_an_hour(open_world: World, sink: SmtpSink) -> None:
    """Security rule 182: also with subaddresses and in capitals; the answer stays the same."""
    world, email = open_world, new_email("victim")
    local, _, domain = email.partition("@")
    addresses = [email, f"{local}+1@{domain}", f"{local}+2@{domain}", email.upper(), f"{local}+3+4@{domain}", email]
    for address in addresses:
        request_link(world, address).expect(200)
    # Sent last, so that all mails before it have been sent or dropped.
    marker = new_email("marker")
    link_of(world, sink, marker)
    assert count_rows(world.server.database, f"sign_ups WHERE email <> '{marker}'") == 3
    for address in addresses[:3]:
        token_for(world, sink, address)
    assert [local in mail.recipients[0].lower() for mail in sink.mails].count(True) == 3


def test_rule_182_the_bound_of_a_mailbox_holds_against_concurrent_requests(open_world: World) -> None:
    """Security rule 182."""
    email = new_email()
    answers = concurrently((lambda: request_link(open_world, email)) for _ in range(8))
    assert {answer.status for answer in answers} == {200}
    assert count_rows(open_world.server.database, "sign_ups") == 3


def test_rule_182_used_links_still_count_for_their_mailbox(open_world: World, sink: SmtpSink) -> None:
    """Security rule 182: creating an account does not begin the hour anew."""
    email = new_email()
    complete(open_world, link_of(open_world, sink, email))[0].expect(201)
    for _ in range(4):
        request_link(open_world, email).expect(200)
    assert count_rows(open_world.server.database, "sign_ups") == 3


def test_rule_182_a_source_has_a_budget(open_world: World, sources: Sources) -> None:
    """Security rule 182: whatever addresses it names; another source is not held up."""
    for _ in range(20):
        request_link(open_world, new_email()).expect(200)
    refused = request_link(open_world, new_email()).expect(429, "rate_limit_exceeded")
    assert int(refused.header("retry-after") or 0) > 0
    sources(open_world.server).post("/accounts/sign-up", json={"email": new_email()}).expect(200)


def test_rule_182_a_flood_fills_no_table_and_shuts_nobody_out(open_world: World, sink: SmtpSink) -> None:
    """Security rule 182: beyond 10,000 the oldest end, and the newest link works."""
    world = open_world
    first = link_of(world, sink, new_email())
    now = int(rows(world.server.database, "SELECT max(created_at) FROM sign_ups")[0][0])
    binary = "BYTEA" if isinstance(world.server.database, PostgresDatabase) else "BLOB"
    execute(world.server.database, FILL.format(count=10_000, binary=binary, now=now - 20_000))
    execute(
        world.server.database, f"UPDATE sign_ups SET created_at = {now - 30_000} WHERE email_key NOT LIKE '%flood%'"
    )
    last = link_of(world, sink, new_email())
    assert count_rows(world.server.database, "sign_ups") == 10_000
    complete(world, first)[0].expect(404, "not_found")
    complete(world, last)[0].expect(201)


def test_rule_182_no_name_writes_into_a_mail(open_world: World, sink: SmtpSink) -> None:
    """Security rule 182: line ends and encoded words are refused in addresses and names."""
    world, before = open_world, len(sink.mails)
    for address in ("a@b.test\nBcc: c@d.test", "a@b.test\r\n\r\nHi", "=?utf-8?q?a?=@b.test", '"a\\r\\nBcc:x"@b.test'):
        request_link(world, address).expect(422, "validation_failed")
    token = link_of(world, sink, new_email())
    for name in ("Acme\r\nBcc: c@d.test", "Acme\nGmbH", "=?utf-8?q?Acme=0ABcc:_c?=", "Acme\u2028GmbH"):
        complete(world, token, name)[0].expect(422, "validation_failed")
    complete(world, token)[0].expect(201)
    assert len(sink.mails) == before + 1
