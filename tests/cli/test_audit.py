"""`linkxg audit verify` finds a manipulated event and names it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness.databases import PostgresDatabase
from harness.rows import execute, scalar
from harness.server import Server
from harness.world import World


def disarm(server: Server) -> None:
    """What somebody with the database's password could do."""
    if isinstance(server.database, PostgresDatabase):
        execute(server.database, "alter table audit_events disable trigger user")
    else:
        execute(server.database, "drop trigger audit_events_no_update")
        execute(server.database, "drop trigger audit_events_no_delete")


def test_a_tampered_event_is_named(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, account, other = world.server, world.account.account_id, world.other.account_id
    for _ in range(3):
        world.new_client()
    whole = {verdict["account_id"]: verdict for verdict in json.loads(server.command("audit", "verify", "--json"))}
    assert [verdict["whole"] for verdict in whole.values()] == [True, True]
    last = int(scalar(server.database, f"select max(seq) from audit_events where account_id = '{account}'"))
    assert whole[account]["events"] == last

    one = f"where account_id = '{account}' and seq ="
    # Each finding is nearer to the start than the one before, so each is found first.
    tamperings = {
        last: f"delete from audit_events {one} {last}",
        3: f"delete from audit_events {one} 3",
        2: f"update audit_events set source = 'elsewhere' {one} 2",
    }
    for sql in tamperings.values():
        with pytest.raises(Exception, match="append-only"):
            execute(server.database, sql)
    disarm(server)
    for seq, sql in tamperings.items():
        execute(server.database, sql)
        found = json.loads(server.command("audit", "verify", "--json", expect=1))
        assert {verdict["account_id"]: verdict["broken_at"] for verdict in found} == {account: seq, other: None}
    lines = server.command("audit", "verify", expect=1).decode().splitlines()
    assert "broken at event 2" in next(line for line in lines if account in line)
    assert "intact" in next(line for line in lines if other in line)
