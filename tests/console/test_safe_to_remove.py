"""An old secret is called safe to remove only with evidence that it is (security rule L14)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import httpx
import pytest

from console.browser import Visitor, secret_in, text_of
from harness.clients import OAuthClient, make_client, request_token, rotate, with_secret
from harness.databases import Database, PostgresDatabase, SqliteDatabase
from harness.rows import count, rows, wait_for_count
from harness.world import World

DAY = 86_400_000
SERVERS = ("127.0.0.7", "127.0.0.8")


def change(database: Database, sql: str) -> None:
    """Let time have passed: a statement on the tables themselves."""
    if isinstance(database, PostgresDatabase):
        database.cluster.query(database.url, sql)
        return
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, timeout=10)) as connection, connection:
        connection.execute(sql)


def use(world: World, oauth: OAuthClient, *servers: str) -> None:
    """A token request from each of these addresses of this machine; wait until all have been written."""
    secrets = f"SELECT coalesce(sum(uses), 0) FROM client_secrets WHERE client_id = '{oauth.client_id}'"
    before = count(world.server.database, secrets)
    for server in servers:
        transport = httpx.HTTPTransport(local_address=server)
        with httpx.Client(transport=transport, trust_env=False) as http:
            answer = http.post(f"{world.server.url}/api/v1/oauth/token", data=oauth.form)
        assert answer.status_code == 200
        world.vault.remember("access token", answer.json()["access_token"])
    wait_for_count(world.server.database, secrets, before + len(servers))


def pass_time(world: World, oauth: OAuthClient, ms: int) -> None:
    of_client = f"client_id = '{oauth.client_id}'"
    moved = ", ".join(f"{name} = {name} - {ms}" for name in ("created_at", "first_used_at", "last_used_at"))
    change(world.server.database, f"UPDATE client_secrets SET {moved} WHERE {of_client}")
    moved = ", ".join(f"{name} = {name} - {ms}" for name in ("first_used_at", "last_used_at"))
    own = f"secret_id IN (SELECT id FROM client_secrets WHERE {of_client})"
    change(world.server.database, f"UPDATE client_secret_sources SET {moved} WHERE {own}")


def evidence(owner: Visitor, oauth: OAuthClient) -> str:
    page = text_of(owner.get(f"/account/api-access/{oauth.client_id}"))
    return page[page.index("Two secrets are valid.") : page.index("Live secrets")]


@pytest.fixture
def rotated(world: World) -> tuple[OAuthClient, OAuthClient]:
    """A client that two servers use, in the middle of a rotation."""
    old = make_client(world.api, world.owner, "products:read")
    use(world, old, *SERVERS)
    answer = rotate(world.api, old, world.owner.access, grace_period_seconds=604_800).expect(200)
    return old, with_secret(old, answer)


def test_one_of_two_servers_having_switched_is_not_enough(
    world: World, owner: Visitor, rotated: tuple[OAuthClient, OAuthClient]
) -> None:
    old, new = rotated
    said = evidence(owner, old)
    assert "The new secret has not been used yet; the old one was last used just now from 127.0.0.8." in said
    assert "Deploy the new secret before the old one ends in 7 d" in said
    use(world, new, SERVERS[0])
    pass_time(world, old, 2 * DAY)
    said = evidence(owner, old)
    assert "127.0.0.7 switched" in said
    assert "127.0.0.8 not yet" in said
    expected = "1 address has not switched. Deploy the new secret there before the old one ends in 7 d"
    assert f"{expected} . The old one can be removed 24 h after the last address has switched." in said
    page = owner.get(f"/account/api-access/{old.client_id}")
    finish = next(one for one in page.text.split('action="') if one.partition('"')[0].endswith("/finish"))
    assert "Finish now…" in finish
    asked = owner.fill(page, finish.partition('"')[0])
    assert "The old secret may still be needed" in text_of(asked)
    assert "127.0.0.8 not yet" in text_of(asked)
    request_token(world.api, old).expect(200)


def test_safe_only_a_day_after_every_address_has_switched(
    world: World, owner: Visitor, rotated: tuple[OAuthClient, OAuthClient]
) -> None:
    old, new = rotated
    use(world, new, *SERVERS)
    said = evidence(owner, old)
    assert "127.0.0.7 switched" in said
    assert "127.0.0.8 switched" in said
    assert "If it stays unused until" in said
    assert "safe" not in said
    pass_time(world, old, DAY - 60_000)
    assert "safe" not in evidence(owner, old), "24 h have not passed"
    pass_time(world, old, 120_000)
    assert "safe to remove" in evidence(owner, old)
    use(world, old, SERVERS[1])
    assert "safe" not in evidence(owner, old), "it is in use again"


def test_a_test_in_the_console_does_not_count_as_use(world: World, owner: Visitor) -> None:
    old = make_client(world.api, world.owner, "products:read")
    use(world, old, SERVERS[0])
    page = owner.get(f"/account/api-access/{old.client_id}/rotate")
    form = f"/account/api-access/{old.client_id}/rotate"
    made = owner.fill(page, form)
    secret_in(made, world.vault)
    tried = owner.fill(made, f"/account/api-access/{old.client_id}/test")
    assert "It works." in text_of(tried)
    # Another client's use is written later than anything that the test could have left.
    use(world, make_client(world.api, world.owner, "products:read"), SERVERS[0])
    said = evidence(owner, old)
    assert "The new secret has not been used yet" in said
    assert "tested in the console, " in text_of(owner.get(f"/account/api-access/{old.client_id}"))
    uses = rows(
        world.server.database, f"SELECT uses FROM client_secrets WHERE client_id = '{old.client_id}' ORDER BY id"
    )
    assert uses == [["1"], ["0"]]


def test_beyond_the_recorded_addresses_nothing_is_called_safe(
    world: World, owner: Visitor, rotated: tuple[OAuthClient, OAuthClient]
) -> None:
    old, new = rotated
    use(world, new, *SERVERS)
    database, secret = world.server.database, old.secret_id
    account = world.account.owner.user_id
    known = f"SELECT account_id FROM users WHERE id = '{account}'"
    values = ", ".join(f"(({known}), '{secret}', '192.0.2.{n}', {n}, {n}, 1)" for n in range(1, 99))
    columns = "account_id, secret_id, source, first_used_at, last_used_at, uses"
    change(database, f"INSERT INTO client_secret_sources ({columns}) VALUES {values}")
    change(database, f"UPDATE client_secrets SET uses = uses + 98 WHERE id = '{secret}'")
    held = f"SELECT count(*) FROM client_secret_sources WHERE secret_id = '{secret}'"
    assert count(database, held) == 100
    use(world, old, "127.0.0.9")
    assert count(database, held) == 100, "the oldest has made room"
    assert not rows(database, f"{held.replace('count(*)', 'source')} AND source = '192.0.2.1'")
    use(world, new, "127.0.0.9")
    pass_time(world, old, 3 * DAY)
    said = evidence(owner, old)
    assert "Some addresses that used this secret were not recorded" in said
    assert "safe" not in said


def test_a_host_that_changes_its_address_within_its_ipv6_network_has_switched(
    world: World, owner: Visitor, rotated: tuple[OAuthClient, OAuthClient]
) -> None:
    """Privacy addresses (RFC 8981) change within a /64; rows from before that was counted hold whole addresses."""
    old, new = rotated
    use(world, new, *SERVERS)
    pass_time(world, old, 3 * DAY)
    database = world.server.database
    ids = rows(database, f"SELECT id FROM client_secrets WHERE client_id = '{old.client_id}' ORDER BY id")
    (first,), (second,) = ids
    for secret, source in ((first, "2001:db8:7:7::a"), (first, "2001:db8:7:7::c"), (second, "2001:db8:7:7::b")):
        where = f"secret_id = '{secret}' AND source = '{SERVERS[0]}'"
        columns = "first_used_at, last_used_at, uses"
        change(
            database,
            f"INSERT INTO client_secret_sources (account_id, secret_id, source, {columns}) "
            f"SELECT account_id, secret_id, '{source}', {columns} FROM client_secret_sources WHERE {where}",
        )
        change(database, f"UPDATE client_secrets SET uses = uses + 1 WHERE id = '{secret}'")
    assert "safe to remove" in evidence(owner, old)
    change(
        database,
        "UPDATE client_secret_sources SET source = '2001:db8:7:8::b' "
        f"WHERE secret_id = '{second}' AND source = '2001:db8:7:7::b'",
    )
    said = evidence(owner, old)
    assert "2001:db8:7:7::/64 not yet" in said
    assert "safe" not in said


def test_the_end_of_the_old_secret_is_part_of_the_advice(world: World, owner: Visitor) -> None:
    """The page advised to wait for a day, and beside it the old secret ended within the hour."""
    old = make_client(world.api, world.owner, "products:read")
    use(world, old, *SERVERS)
    new = with_secret(old, rotate(world.api, old, world.owner.access, grace_period_seconds=3_600).expect(200))
    assert "Deploy the new secret before the old one ends in 1 h" in evidence(owner, old)
    use(world, new, SERVERS[0])
    said = evidence(owner, old)
    assert "1 address has not switched. Deploy the new secret there before the old one ends in 1 h" in said
    use(world, new, SERVERS[1])
    said = evidence(owner, old)
    assert "Every address has switched. It ends in 1 h" in said
    assert "If it stays unused until" not in said
