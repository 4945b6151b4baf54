"""A restore revives no key, no workload, no method and no assertion of a client. Security rule 274, promise R3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli.test_backup_restore import restore
from harness.client_assertions import add_trust, make_key_client, set_methods, sign
from harness.people import sign_in
from harness.world import World


def test_rule_274_a_restore_revives_no_key_and_no_assertion(
    engine: str, fresh_world: Callable[..., World], tmp_path: Path
) -> None:
    world = fresh_world(engine)
    removed, kept = make_key_client(world), make_key_client(world)
    trust = {"issuer": "https://ci.example", "audience": "us", "claims": {"sub": "job"}}
    trust_id = add_trust(world.api, world.owner, removed.client_id, **trust).expect(201).object()["id"]
    file = tmp_path / "backup"
    world.server.command("backup", str(file))
    used = kept.assertion()
    kept.request(used).expect(200)
    base = f"/oauth/clients/{removed.client_id}"
    world.api.delete(f"{base}/keys/{removed.key_id}", bearer=world.owner.access).expect(204)
    world.api.delete(f"{base}/trusts/{trust_id}", bearer=world.owner.access).expect(204)
    set_methods(world.api, world.owner, kept.client_id, ["private_key_jwt"]).expect(200)
    world.server.stop()
    restore(world.server, file, "--replace")
    world.server.start()
    owner = sign_in(world.api, world.account.owner)
    assert world.api.get(f"{base}/keys", bearer=owner.access).expect(200).object()["keys"] == []
    assert world.api.get(f"{base}/trusts", bearer=owner.access).expect(200).object()["trusts"] == []
    removed.request().expect(401, "invalid_client")
    kept.request(used).expect(401, "invalid_client")
    kept.request(sign(kept.key, kept.claims())).expect(200)
    view = world.api.get(f"/oauth/clients/{kept.client_id}", bearer=owner.access).expect(200).object()
    assert view["token_endpoint_auth_methods"] == ["private_key_jwt"]
