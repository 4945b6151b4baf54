"""A restored backup revives no link for a new password. Promise R3, security rule 150."""

from __future__ import annotations

from collections.abc import Callable

from cli.test_backup_restore import backup, restore
from harness.people import login
from harness.rows import count_rows
from harness.world import World
from password_reset.links import complete, link_for


def test_a_restore_revives_no_link_and_keeps_the_new_password(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    server, api = world.server, world.api
    used, waiting = world.person(), world.person()
    tokens = [link_for(world, person) for person in (used, waiting)]
    file = backup(server)
    new = world.vault.password()
    complete(api, tokens[0], new).expect(200)
    server.stop()
    restore(server, file, "--replace")
    server.start()
    assert count_rows(server.database, "password_resets") == 0
    for token in tokens:
        complete(api, token, world.vault.password()).expect(404, "not_found")
    login(api, used.email, new).expect(200)
    login(api, used.email, used.password).expect(401, "invalid_credentials")
    login(api, waiting.email, waiting.password).expect(200)
