"""A backup taken under load is restored whole, and revokes again what ended after it.

Promises R3 and R11: whatever was ended, rotated, removed or replaced after the backup stays so.
"""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import ServerFactory
from harness.client import Client
from harness.clients import (
    OAuthClient,
    create_client,
    get_token,
    is_accepted,
    make_client,
    request_token,
    rotate,
    with_secret,
)
from harness.factors import first_step, forget_steps, person_with_totp, second_step, sign_in_with_factor
from harness.people import Person, Session, accept, invite, login, me, refresh, sign_in
from harness.rows import count_rows, execute
from harness.server import Server
from harness.world import World

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}


class Load(threading.Thread):
    """Creates products without pause; `acknowledged` counts those that were answered with 201."""

    def __init__(self, server: Server, oauth: OAuthClient) -> None:
        super().__init__(daemon=True)
        self.acknowledged = 0
        self._client = server.client()
        self._token = get_token(self._client, oauth)
        self._ended = threading.Event()
        self._enough = threading.Event()

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            body = {"sku": f"LOAD-{number}", "content": {"name": f"Product {number}"}}
            self._client.post("/products", bearer=self._token, json=body).expect(201)
            self.acknowledged = number
            if number == 20:
                self._enough.set()

    def warm_up(self) -> int:
        """Wait until it is under way; how many products there are at least."""
        assert self._enough.wait(60)
        return self.acknowledged

    def end(self) -> None:
        self._ended.set()
        self.join(30)
        self._client.close()


@contextmanager
def under_load(server: Server, oauth: OAuthClient) -> Iterator[Load]:
    load = Load(server, oauth)
    load.start()
    try:
        yield load
    finally:
        load.end()


def backup(server: Server, name: str = "one.backup") -> Path:
    file = server.data_dir.parent / name
    server.command("backup", str(file), "--force")
    return file


def restore(server: Server, file: Path, *options: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(server.command("restore", str(file), "--json", *options))
    return answer


def change_password(api: Client, session: Session, person: Person) -> Person:
    new = api.vault.password()
    body = {"currentPassword": person.password, "newPassword": new}
    api.post("/auth/password", bearer=session.access, json=body).expect(200)
    return Person(person.user_id, person.email, new, person.role)


def test_a_restore_revives_nothing_that_was_revoked(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api, owner = world.server, world.api, world.owner
    neighbour = world.other_owner
    kept, rotated, deleted, disabled = (world.new_client() for _ in range(4))
    staying, removed, locked, changed = (world.person() for _ in range(4))
    open_session, ended_session = sign_in(api, staying), sign_in(api, staying)
    # Each of them changes their factors after the backup.
    spent, cleared, late = (world.person() for _ in range(3))
    spent_app, (clearing, _) = person_with_totp(api, spent)[1], person_with_totp(api, cleared)
    forget_steps(world, spent, spent_app)
    _, invitation = invite(api, owner, "MEMBER")
    tokens = [get_token(api, oauth) for oauth in (kept, rotated)]

    with under_load(server, kept) as load:
        before = load.warm_up()
        file = backup(server)
        taken = load.acknowledged
    assert taken > before, "the service went on while the backup was made"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    new_secret = with_secret(rotated, rotate(api, rotated, owner.access).expect(200))
    api.delete(f"/oauth/clients/{deleted.client_id}", bearer=owner.access).expect(204)
    api.patch(f"/oauth/clients/{disabled.client_id}", bearer=owner.access, json={"disabled": True}).expect(200)
    api.delete(f"/account/users/{removed.user_id}", bearer=owner.access).expect(204)
    api.patch(f"/account/users/{locked.user_id}", bearer=owner.access, json={"disabled": True}).expect(200)
    used = spent_app.code()
    sign_in_with_factor(api, spent, used)
    sign_in_with_factor(api, spent, spent_app.codes[0], "recovery_code")
    cleared_access = refresh(api, clearing.refresh).expect(200).data()["accessToken"]
    factor = api.get("/auth/factors", bearer=cleared_access).expect(200).data()["factors"][0]["id"]
    api.delete(f"/auth/factors/{factor}", bearer=cleared_access).expect(204)
    _, late_app = person_with_totp(api, late)
    renewed = change_password(api, sign_in(api, changed), changed)
    later = world.new_client()
    api.post("/auth/logout", bearer=ended_session.access).expect(200)
    second = backup(server, "two.backup")
    # Made and ended after the first backup, ended after the second: only the trail of a restore can know.
    api.delete(f"/oauth/clients/{later.client_id}", bearer=owner.access).expect(204)

    keys = json.loads((server.data_dir / "keys.json").read_bytes())
    refused = server.try_command("restore", str(file), "--replace")
    assert refused.returncode == 1
    assert b"stop" in refused.stderr, "a service is running"
    server.stop()
    assert b"--replace" in server.try_command("restore", str(file)).stderr
    report = restore(server, file, "--replace")
    assert report["rows"]["accounts"] == 2
    assert report["sessions_ended"] >= 2
    assert report["invitations_ended"] == 1
    assert report["kept_ended"] >= 4
    fresh = json.loads((server.data_dir / "keys.json").read_bytes())
    assert fresh["server_key"] != keys["server_key"]
    assert [key["kid"] for key in fresh["keys"]] != [key["kid"] for key in keys["keys"]]

    server.start()
    assert int(count_rows(server.database, "products")) >= before
    for session in (open_session, ended_session, owner, neighbour):
        me(api, session.access).expect(401, "invalid_token")
        refresh(api, session.refresh, reveals=False).expect(401, "invalid_token")
    assert [is_accepted(api, token) for token in tokens] == [False, False]
    back = sign_in(api, world.account.owner)
    me(api, back.access).expect(200)
    assert is_accepted(api, get_token(api, kept))
    assert_dead(api, [rotated, new_secret, deleted, disabled], [removed, locked, changed])
    sign_in(api, renewed)
    second_step(api, first_step(api, spent), used).expect(401, "invalid_credentials")
    second_step(api, first_step(api, spent), spent_app.codes[0], "recovery_code").expect(401, "invalid_credentials")
    # The app itself still works, though all keys are new; who removed theirs has none, who set one up has it.
    forget_steps(world, spent, spent_app)
    sign_in_with_factor(api, spent, spent_app.code())
    sign_in(api, cleared)
    forget_steps(world, late, late_app)
    sign_in_with_factor(api, late, late_app.code())
    accept(api, invitation, api.vault.password()).expect(404, "not_found")
    assert b"intact" in server.command("audit", "verify")
    events = api.get("/account/audit-events?action=service.restored", bearer=back.access).data()
    assert [event["details"]["backup_made_at"] for event in events] == [report["backup_made_at"]]
    # An Owner can help: the client gets a new secret.
    assert is_accepted(api, get_token(api, with_secret(rotated, rotate(api, rotated, back.access).expect(200))))
    in_use = sign_in(api, staying)
    server.stop()

    # And now the other backup: what the first restore knew is still known.
    (server.data_dir / ".restore-left-by-a-crash").mkdir()
    restore(server, second, "--replace")
    server.start()
    me(api, in_use.access).expect(401, "invalid_token")
    assert_dead(api, [rotated, deleted, disabled, later], [removed, locked, changed])
    sign_in(api, renewed)
    assert is_accepted(api, get_token(api, kept))
    assert b"broken" not in server.command("audit", "verify")
    assert not list(server.data_dir.glob(".restore-*")), "nothing is left behind, not even by a restore that crashed"


def assert_dead(api: Client, clients: list[OAuthClient], people: list[Person]) -> None:
    for oauth in clients:
        request_token(api, oauth).expect(401, "invalid_client")
    for person in people:
        login(api, person.email, person.password).expect(401, "invalid_credentials")


def test_a_backup_is_restored_on_the_other_engine(
    engine: str, fresh_world: Callable[..., World], new_server: ServerFactory
) -> None:
    """Also without the database it came from: then secrets can be revoked, for nobody knows which should be."""
    world = fresh_world(engine)
    oauth = world.oauth
    product = {"sku": "A-1", "content": {"name": "Bolt «Ø 8»", "attributes": {"hot": True, "size": 1.5}}}
    made = world.api.post("/products", bearer=world.owner.access, json=product).expect(201).data()
    api_rows = count_rows(world.server.database, "products"), count_rows(world.server.database, "audit_events")
    file = backup(world.server)
    world.server.stop()

    moved = new_server(OTHER[engine], vault=world.server.vault)
    try:
        assert restore(moved, file)["secrets_revoked"] == 0
        moved.start()
        assert count_rows(moved.database, "products") == api_rows[0]
        with moved.client() as api:
            session = sign_in(api, world.account.owner)
            found = api.get(f"/products/{made['id']}", bearer=session.access).data()
            assert found == made
            # The numbers of PostgreSQL's sequences go on after those of the backup.
            another = make_client(api, session)
            assert is_accepted(api, get_token(api, another))
            assert is_accepted(api, get_token(api, oauth))
            assert b"intact" in moved.command("audit", "verify")
            moved.stop()
            assert restore(moved, file, "--replace", "--revoke-secrets")["secrets_revoked"] == 1
            moved.start()
            request_token(api, oauth).expect(401, "invalid_client")
            request_token(api, another).expect(401, "invalid_client")
            create_client(api, sign_in(api, world.account.owner)).expect(201)
    finally:
        moved.close()


def test_a_restore_that_fails_leaves_everything_as_it_was(engine: str, fresh_server: ServerFactory) -> None:
    server = fresh_server(engine)
    account = server.bootstrap("Acme GmbH")
    file = backup(server)
    server.bootstrap("Borealis AB", another=True)
    keys = server.data_dir / "keys.json"
    # The new keys are the last step before the commit: a directory in their place makes it fail there.
    content = keys.read_bytes()
    keys.unlink()
    keys.mkdir()
    done = server.try_command("restore", str(file), "--replace")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1, done.stderr
    keys.rmdir()
    keys.write_bytes(content)
    keys.chmod(0o600)
    assert count_rows(server.database, "accounts") == 2
    server.start()
    with server.client() as api:
        sign_in(api, account.owner)


def test_a_backup_is_never_half_written_nor_overwritten(engine: str, new_server: ServerFactory) -> None:
    server = new_server(engine)
    server.bootstrap("Acme GmbH")
    file = server.data_dir.parent / "a.backup"
    file.write_text("something else")
    assert b"--force" in server.try_command("backup", str(file)).stderr
    assert file.read_text() == "something else"
    left = file.parent / "a.backup.partial"
    left.write_bytes(b"left by a crash")
    left.chmod(0o600)
    server.command("backup", str(file), "--force")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
        assert connection.execute("select count(*) from users").fetchone() == (1,)
    assert not (file.parent / "a.backup.partial").exists()
    done = server.try_command("backup", str(file.parent / "absent" / "a.backup"))
    assert done.returncode == 1
    assert done.stderr.decode() == f"linkxg: there is no directory {file.parent / 'absent'}\n"


@pytest.mark.parametrize("kind", ["text", "other", "cut", "newer"])
def test_a_file_that_is_not_a_backup_is_rejected(new_server: ServerFactory, kind: str) -> None:
    server = new_server()
    server.bootstrap("Acme GmbH")
    file = backup(server)
    if kind == "text":
        file.write_text("not a database at all, but long enough to look at\n" * 100)
    elif kind == "other":
        file.unlink()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("create table a (b)")
    elif kind == "cut":
        file.write_bytes(file.read_bytes()[:-8192])
    else:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("update alembic_version set version_num = '9999'")
    done = server.try_command("restore", str(file), "--replace")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1, done.stderr
    assert count_rows(server.database, "accounts") == 1
    assert not list(server.data_dir.glob("*.damaged*"))


def test_a_damaged_database_is_set_aside(new_server: ServerFactory) -> None:
    server = new_server()
    account = server.bootstrap("Acme GmbH")
    file = backup(server)
    path = Path(server.database.url.removeprefix("sqlite:///"))
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    refused = server.try_command("restore", str(file))
    assert b"--replace" in refused.stderr
    report = restore(server, file, "--replace")
    assert Path(report["damaged_database"]).read_bytes().startswith(b"\0" * 100)
    server.start()
    try:
        with server.client() as api:
            sign_in(api, account.owner)
    finally:
        server.close()


def test_a_restore_is_refused_while_another_node_runs(fresh_server: ServerFactory, new_server: ServerFactory) -> None:
    """A node with a data directory of its own is seen in PostgreSQL."""
    server = fresh_server("postgres")
    server.bootstrap("Acme GmbH")
    file = backup(server)
    server.start()
    node = new_server(database=server.database)
    done = node.try_command("restore", str(file), "--replace")
    assert done.returncode == 1
    assert b"stop every node" in done.stderr
    assert execute(server.database, "select count(*) from accounts") == [["1"]]
