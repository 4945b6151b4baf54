"""`linkxg purge` deletes all that has expired, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from harness.clients import create_client, get_token, is_accepted, rotate, with_secret
from harness.people import invite, me, refresh, sign_in
from harness.rows import count_rows, execute, scalar
from harness.world import World

DAY = 86_400_000
FAILURES = """
insert into login_failures (key_digest, failures, blocked_until, last_failed_at)
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 1200)
select cast('x' || n as {binary}), 1, 0, {at} from numbers
"""


def test_expired_rows_are_deleted_and_live_rows_stay(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api, owner = world.server, world.api, world.owner
    old, live = sign_in(api, world.account.owner), sign_in(api, world.account.owner)
    oauth = world.oauth
    rotated = with_secret(oauth, rotate(api, oauth, owner.access).expect(200))
    invite(api, owner, "MEMBER")
    # The neighbour's fresh record has the same key as the one that will have expired.
    for session, key in ((owner, "a"), (owner, "b"), (world.other_owner, "a")):
        body = {"client_name": key, "scope": "products:read"}
        api.post("/oauth/clients", bearer=session.access, json=body, headers={"Idempotency-Key": key}, reveals=True)
    now = int(time.time() * 1000)
    session_id = me_session(world, old.access)
    execute(server.database, f"update sessions set expires_at = {now - 31 * DAY} where id = '{session_id}'")
    execute(server.database, f"update invitations set expires_at = {now - 31 * DAY}")
    execute(server.database, f"update client_secrets set revoked_at = {now - 401 * DAY} where revoked_at is not null")
    first = scalar(server.database, "select min(created_at) from idempotency_keys")
    execute(server.database, f"update idempotency_keys set created_at = {now - 2 * DAY} where created_at = {first}")
    at = now - 2 * DAY
    execute(server.database, FAILURES.format(binary="bytea" if engine == "postgres" else "blob", at=at))
    execute(server.database, f"insert into client_usage values "
                    f"('{world.account.account_id}', '{oauth.client_id}', {now // DAY - 401}, 1, 1, 1)")  # fmt: skip
    feed = count_rows(server.database, "changes")

    report = json.loads(server.command("purge", "--json"))
    wanted = {"sessions": 1, "invitations": 1, "client_secrets": 1, "idempotency_keys": 1, "login_failures": 1200,
              "client_usage": 1}  # fmt: skip
    assert {table: deleted for table, deleted in report.items() if deleted} == wanted
    assert count_rows(server.database, "login_failures") == 0
    assert count_rows(server.database, "changes") == feed, "a live token may need any of them"
    refresh(api, old.refresh).expect(401, "invalid_token")
    refresh(api, live.refresh).expect(200)
    assert is_accepted(api, get_token(api, rotated))
    assert not any(json.loads(server.command("purge", "--json")).values()), "nothing is left to do"
    create_client(api, owner).expect(201)


def me_session(world: World, access: str) -> str:
    sessions = world.api.get("/auth/sessions", bearer=access).data()
    me(world.api, access).expect(200)
    return str(next(session["id"] for session in sessions if session["current"]))
