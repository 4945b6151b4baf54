"""No token is accepted after its time. Promise R7, security rules 30 and 50."""

from __future__ import annotations

import time

from faults.conftest import NewWorld
from harness.clients import get_token
from harness.concurrency import seconds_until
from harness.people import me, sign_in
from harness.token_forge import TokenForge

LEEWAY_S = 5


def test_r7_a_token_ends_with_its_leeway(new_world: NewWorld) -> None:
    world = new_world("sqlite")
    forge = TokenForge(world.server.signing_keys()[0])
    session, token = sign_in(world.api, world.account.owner), get_token(world.api, world.new_client())

    def ending(genuine: str, at: int) -> str:
        return world.vault.remember("forged token", forge.with_changes(genuine, claims={"iat": at - 900, "exp": at}))

    now = int(time.time())
    for late in (-60, -1, 0, 1):
        world.api.get("/products", bearer=ending(token, now - late)).expect(200)
    for late in (LEEWAY_S + 1, 60, 900):
        world.api.get("/products", bearer=ending(token, now - late)).expect(401, "invalid_token")
        me(world.api, ending(session.access, now - late)).expect(401, "invalid_token")

    # One that is in use when it ends: remembered as verified, it still ends.
    dying = ending(token, int(time.time()) - LEEWAY_S + 2)
    world.api.get("/products", bearer=dying).expect(200)
    seconds_until(lambda: world.api.get("/products", bearer=dying).status == 401, within=2.0)
