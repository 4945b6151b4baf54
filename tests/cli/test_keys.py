"""Do the keys commands act on a running server, without a failed request and at once?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.clients import get_token, works
from harness.forge import parts
from harness.people import me
from harness.server import Server
from harness.world import World


def listed(server: Server) -> dict[str, Any]:
    return {key["kid"]: key for key in json.loads(server.command("keys", "list", "--json"))}


def kid(token: str) -> str:
    return str(parts(token)[0]["kid"])


def test_keys_change_while_the_service_runs(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api = world.server, world.api
    before = get_token(api, world.oauth)
    person = world.owner.access
    old = kid(before)

    server.command("keys", "rotate", "--now")
    after = get_token(api, world.oauth)
    assert kid(after) != old
    assert works(api, before), "the old key verifies until its last token has expired"
    states = {name: key["state"] for name, key in listed(server).items()}
    assert states == {old: "verifies", kid(after): "active"}

    server.command("keys", "retire", old)
    assert not works(api, before)
    me(api, person).expect(401, "invalid_token")
    assert works(api, after)
    assert list(listed(server)) == [kid(after)]

    # The last key gets a successor at once, so there is never a moment without one.
    server.command("keys", "retire", kid(after))
    assert not works(api, after)
    assert works(api, get_token(api, world.oauth))
    done = server.try_command("keys", "retire", old)
    assert (done.returncode, done.stderr) == (1, f"linkxg: there is no key {old}\n".encode())
    assert all("jwk" not in key for key in listed(server).values()), "the private part is never listed"
