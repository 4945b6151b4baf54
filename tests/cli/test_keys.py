"""The `keys` commands act on a running server at once, without a failed request."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.clients import OAuthClient, get_token, is_accepted
from harness.people import me, refresh, sign_in
from harness.server import Server
from harness.token_forge import kid
from harness.world import World

SECURITY = (Path(__file__).parents[2] / "SECURITY.md").read_text()


def listed(server: Server) -> dict[str, Any]:
    return {key["kid"]: key for key in json.loads(server.command("keys", "list", "--json"))}


def test_keys_are_rotated_and_retired_while_the_service_runs(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api = world.server, world.api
    before = get_token(api, world.oauth)
    person = world.owner.access
    old = kid(before)

    server.command("keys", "rotate", "--now")
    after = get_token(api, world.oauth)
    assert kid(after) != old
    assert is_accepted(api, before), "the old key verifies until its last token has expired"
    states = {name: key["state"] for name, key in listed(server).items()}
    assert states == {old: "verifies", kid(after): "active"}

    server.command("keys", "retire", old)
    assert not is_accepted(api, before)
    me(api, person).expect(401, "invalid_token")
    assert is_accepted(api, after)
    assert list(listed(server)) == [kid(after)]

    # The last key gets a successor at once, so there is never a moment without one.
    server.command("keys", "retire", kid(after))
    assert not is_accepted(api, after)
    assert is_accepted(api, get_token(api, world.oauth))
    done = server.try_command("keys", "retire", old)
    assert (done.returncode, done.stderr) == (1, f"linkxg: there is no key {old}\n".encode())
    assert all("jwk" not in key for key in listed(server).values()), "the private part is never listed"


def test_leaked_or_lost_keys_are_replaced(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api = world.server, world.api
    token, session = get_token(api, world.oauth), world.owner
    body, key = {"client_name": "Told once", "scope": "products:read"}, {"Idempotency-Key": "before"}
    api.post("/oauth/clients", bearer=session.access, json=body, headers=key, reveals=True).expect(201)
    assert b"stop it first" in server.try_command("keys", "replace").stderr
    server.stop()
    (runbook,) = re.findall(r"^- `keys\.json` as a whole:(.*(?:\n  .*)*)", SECURITY, re.MULTILINE)
    commands = re.findall(r"`linkxg ([^`]+)`", runbook)
    assert commands, "SECURITY.md names no command for a leaked keys.json"
    leaked = (server.data_dir / "keys.json").read_bytes()
    for command in commands:
        server.command(*shlex.split(command))
    assert (server.data_dir / "keys.json").read_bytes() != leaked
    (server.data_dir / "keys.json").unlink()
    process = server.launch()
    assert process.wait() == 1
    assert "linkxg keys replace" in process.tail()
    server.kill()
    server.command("keys", "replace")
    server.start()
    assert not is_accepted(api, token)
    me(api, session.access).expect(401, "invalid_token")
    refresh(api, session.refresh).expect(401, "invalid_token")
    assert is_accepted(api, get_token(api, world.oauth)), "secrets stay"
    owner = sign_in(api, world.account.owner)
    # Not the answer of before with a secret that never was.
    made = api.post("/oauth/clients", bearer=owner.access, json=body, headers=key, reveals=True).expect(201).object()
    get_token(api, OAuthClient(made["client_id"], made["client_secret"], "products:read", ""))
