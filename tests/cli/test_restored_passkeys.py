"""Passkeys after a restore. Security rule 147, promise R3."""

from __future__ import annotations

from collections.abc import Callable

from cli.test_backup_restore import backup, restore
from harness.factors import first_step
from harness.passkeys import add_passkey as add
from harness.passkeys import list_passkeys, new_authenticator, passkey_of, passkey_sign_in, renewed
from harness.world import World


def test_rule_147_a_removed_passkey_is_not_revived_by_a_restore(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    api = world.api
    session, keeping = world.session(), world.session()
    removed, kept = passkey_of(world, session), passkey_of(world, keeping)
    file = backup(world.server)
    session = renewed(world, session)
    (passkey,) = list_passkeys(world, session)
    api.delete(f"/auth/factors/{passkey['id']}", bearer=session.access).expect(204)
    late = new_authenticator(world)
    add(world, session, late)
    world.server.stop()
    restore(world.server, file, "--replace")
    world.server.start()
    passkey_sign_in(world, removed).expect(401, "invalid_credentials")
    for authenticator in (kept, late):
        passkey_sign_in(world, authenticator).expect(200)
    # Who had one still needs it.
    first_step(api, keeping.person)
