"""A backup from before a report brings no leaked credential back. Promise R3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli.test_backup_restore import backup, restore
from harness.clients import get_token, request_token, rotate, with_secret
from harness.people import refresh, sign_in
from harness.secret_scanner import SecretScanner
from harness.world import World
from scim.provider import new_provider


def test_r3_a_credential_that_was_found_in_public_stays_revoked(
    engine: str, fresh_world: Callable[..., World], tmp_path: Path
) -> None:
    scanner = SecretScanner("code-host")
    world = fresh_world(engine, LINKXG_SECRET_SCANNERS=f"code-host={scanner.write_keys(tmp_path)}")
    server, api = world.server, world.api
    alone, overlapping = world.new_client(), world.new_client()
    new = with_secret(overlapping, rotate(api, overlapping, world.owner.access, grace_period_seconds=3600).expect(200))
    session, provider = sign_in(api, world.person()), new_provider(world)
    token = get_token(api, alone)
    file = backup(server)
    leaked = (alone.client_secret, overlapping.client_secret, session.refresh, provider.token)
    assert scanner.report(api, *leaked) == ["true"] * 4
    server.stop()
    restore(server, file, "--replace")
    server.start()
    for oauth in (alone, overlapping):
        request_token(api, oauth).expect(401, "invalid_client")
    api.get("/products", bearer=token).expect(401, "invalid_token")
    refresh(api, session.refresh).expect(401, "invalid_token")
    provider.get("/Users").expect(401, "scim")
    get_token(api, new)
