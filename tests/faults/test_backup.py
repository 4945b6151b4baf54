"""A backup of a busy service is whole, a restore revives nothing, purging is safe. Promises R3, R11 and R17."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from faults.conftest import Crowd, NewWorld
from faults.trail_consistency import differences
from harness.clients import get_token, request_token, revoke, rotate, with_secret
from harness.concurrency import Load
from harness.databases import PostgresDatabase, SqliteDatabase
from harness.people import login, logout, me, refresh, sign_in
from harness.rows import count
from harness.world import World

ENGINES = ["sqlite", "postgres"]
OLD = 500


@pytest.mark.parametrize("engine", ENGINES)
def test_r3_r11_a_backup_is_whole_and_a_restore_revives_nothing(
    engine: str, tmp_path: Path, new_world: NewWorld, crowd_of: Callable[[World], Crowd]
) -> None:
    world = new_world(engine)
    api, server = world.api, world.server
    crowd = crowd_of(world)
    oauth, kept = world.new_client(), world.new_client()
    session, going = sign_in(api, world.account.owner), sign_in(api, world.account.owner)
    token, revoked = get_token(api, oauth), get_token(api, oauth)
    file = tmp_path / "backup"
    with Load(crowd.steps()) as load:
        load.wait_for_everybody()
        server.command("backup", str(file))
        load.wait_for_everybody()
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert differences(SqliteDatabase(file)) == []

    logout(api, session.access).expect(200)
    revoke(api, oauth, revoked).expect(200)
    rotated = with_secret(oauth, rotate(api, oauth, going.access).expect(200))
    gone = world.new_client()
    server.stop()
    server.command("restore", str(file), "--replace")
    server.start()
    for dead in (token, revoked):
        api.get("/products", bearer=dead).expect(401, "invalid_token")
    for over in (session, going):
        me(api, over.access).expect(401, "invalid_token")
        refresh(api, over.refresh).expect(401, "invalid_token")
    request_token(api, oauth).expect(401, "invalid_client")
    request_token(api, gone).expect(401, "invalid_client")
    # Made after the backup, so not in it: its client is there, with nothing that opens it.
    request_token(api, rotated).expect(401, "invalid_client")
    request_token(api, kept).expect(200)
    login(api, world.account.owner.email, world.account.owner.password).expect(200)
    server.command("audit", "verify")


@pytest.mark.parametrize("engine", ENGINES)
def test_r17_purging_a_busy_service_removes_only_what_is_over(
    engine: str, new_world: NewWorld, crowd_of: Callable[[World], Crowd]
) -> None:
    world = new_world(engine)
    crowd = crowd_of(world)
    old = "INSERT INTO changes (kind, subject, epoch, at) SELECT 'token', 'old', 0, at - 7200000 FROM changes LIMIT 1"
    with Load(crowd.steps()) as load:
        load.wait_for_everybody()
        execute(world, *[old] * OLD)
        deleted = json.loads(world.server.command("purge", "--json"))
        load.wait_for_everybody()
    assert deleted["changes"] == OLD
    assert count(world.server.database, "SELECT count(*) FROM changes WHERE subject = 'old'") == 0
    world.server.restart()
    crowd.settle()


def execute(world: World, *statements: str) -> None:
    """Write to the tables behind the program's back."""
    database = world.server.database
    if isinstance(database, PostgresDatabase):
        database.cluster.query(database.url, "; ".join(statements))
    elif isinstance(database, SqliteDatabase):
        with closing(sqlite3.connect(database.path, timeout=30)) as connection:
            connection.executescript("; ".join(["BEGIN IMMEDIATE", *statements, "COMMIT"]))
