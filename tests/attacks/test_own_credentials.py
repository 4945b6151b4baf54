"""A token of a client gets nothing that outlives it, unless a secret of its client requested it. Security rule 298."""

from __future__ import annotations

from harness.client_assertions import make_key_client, set_methods
from harness.clients import get_token, make_client, request_token, rotate
from harness.world import World

AREAS = ("/oauth/clients", "/auth/", "/account", "/scim", "/invitations")


def test_rule_298_a_token_by_an_assertion_gets_no_secret(world: World) -> None:
    machine = make_key_client(world)
    rotate(world.api, machine.oauth, machine.token()).expect(403, "access_denied")
    request_token(world.api, machine.oauth).expect(200)
    set_methods(world.api, world.owner, machine.client_id, ["private_key_jwt"]).expect(200)
    rotate(world.api, machine.oauth, machine.token()).expect(403, "access_denied")


def test_rule_298_taking_the_methods_of_the_secret_away_ends_its_tokens(world: World) -> None:
    machine = make_key_client(world)
    token = get_token(world.api, machine.oauth)
    set_methods(world.api, world.owner, machine.client_id, ["private_key_jwt"]).expect(200)
    rotate(world.api, machine.oauth, token).expect(401, "invalid_token")
    rotate(world.api, machine.oauth, world.owner.access).expect(200)


def test_rule_298_no_other_call_takes_a_token_of_a_client_for_what_gives_access(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    token, opened, tried = get_token(world.api, oauth), [], 0
    for path, methods in world.api.get("/openapi.json").expect(200).object()["paths"].items():
        area = path.removeprefix("/api/v1")
        for method in methods.keys() & {"post", "put", "patch", "delete"}:
            if not area.startswith(AREAS) or not methods[method].get("security") or area.endswith("/rotate"):
                continue
            tried += 1
            address = area.replace("{client_id}", oauth.client_id).replace("{", "").replace("}", "")
            answer = world.api.request(method.upper(), address, bearer=token, json={})
            if answer.status not in (401, 403):
                opened.append((method, path, answer.status))
    assert tried > 20
    assert opened == []
