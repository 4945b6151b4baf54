"""A restore revives no certificate and no weaker authentication of a client. Promise R3."""

from __future__ import annotations

from collections.abc import Callable

from cli.test_backup_restore import backup, restore
from harness.client_certificates import ClientCertificate
from harness.clients import make_client
from harness.people import sign_in
from harness.world import World


def test_r3_a_removed_certificate_is_not_revived_by_a_restore(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    oauth = make_client(world.api, world.owner)
    path = f"/oauth/clients/{oauth.client_id}"
    removed, kept = (
        world.api.post(f"{path}/certificates", bearer=world.owner.access, json={"certificate": ClientCertificate().pem})
        .expect(201)
        .object()["id"]
        for _ in range(2)
    )
    file = backup(world.server)
    world.api.delete(f"{path}/certificates/{removed}", bearer=world.owner.access).expect(204)
    strict = {"dpop_bound_access_tokens": True, "token_endpoint_auth_methods": ["self_signed_tls_client_auth"]}
    world.api.patch(path, bearer=world.owner.access, json=strict).expect(200)
    world.server.stop()
    restore(world.server, file, "--replace")
    world.server.start()
    access = sign_in(world.api, world.account.owner).access
    listed = world.api.get(f"{path}/certificates", bearer=access).expect(200).object()["certificates"]
    assert [one["id"] for one in listed] == [kept]
    found = world.api.get(path, bearer=access).expect(200).object()
    assert {name: found[name] for name in strict} == strict
    world.api.post("/oauth/token", form=oauth.form).expect(401, "invalid_client")
