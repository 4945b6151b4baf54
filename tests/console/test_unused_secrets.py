"""The secrets of a client that no method uses any more: kept and shown, or revoked."""

from __future__ import annotations

from console.browser import Visitor, text_of
from harness.client_assertions import SECRET_METHODS, KeyClient, make_key_client, set_methods
from harness.clients import request_token
from harness.world import World


def page_of(machine: KeyClient, rest: str = "") -> str:
    return f"/account/api-access/{machine.client_id}{rest}"


def secrets_of(world: World, machine: KeyClient) -> list[str]:
    view = world.api.get(f"/oauth/clients/{machine.client_id}", bearer=world.owner.access).expect(200).object()
    return [secret["hint"] for secret in view["secrets"]]


def test_the_page_offers_to_revoke_the_secrets_that_no_method_uses(world: World, owner: Visitor) -> None:
    machine = make_key_client(world)
    (hint,) = secrets_of(world, machine)
    page = page_of(machine, "/authentication")
    form = owner.get(page)
    assert f"Revoke its secret {hint} if no method above uses one" in text_of(form)
    done = owner.fill(form, page, method=["private_key_jwt"], revoke_secrets="yes")
    assert done.status_code == 303, text_of(done)
    assert secrets_of(world, machine) == []
    set_methods(world.api, world.owner, machine.client_id, SECRET_METHODS).expect(200)
    request_token(world.api, machine.oauth).expect(401, "invalid_client")
    shown = text_of(owner.get(page_of(machine)))
    assert "secret revoked" in shown
    assert "found in public" not in shown


def test_secrets_that_are_kept_are_shown_until_they_are_revoked(world: World, owner: Visitor) -> None:
    machine = make_key_client(world)
    (hint,) = secrets_of(world, machine)
    page = page_of(machine, "/authentication")
    done = owner.fill(owner.get(page), page, method=["private_key_jwt"])
    assert "Its secrets are kept, and work again" in text_of(owner.get(done.headers["location"]))
    assert secrets_of(world, machine) == [hint]
    shown = owner.get(page_of(machine))
    assert "Rotate secret" not in text_of(shown)
    assert "No method of this client uses its secret" in text_of(shown)
    again = owner.fill(owner.get(page), page, method=["private_key_jwt", "client_secret_basic"])
    assert f"The secret {hint} works again." in text_of(owner.get(again.headers["location"]))
    assert "Rotate secret" in text_of(owner.get(page_of(machine)))
    owner.fill(owner.get(page), page, method=["private_key_jwt"])
    shown = owner.get(page_of(machine))
    finish = page_of(machine, f"/secrets/{machine.oauth.secret_id}/finish")
    asked = owner.fill(shown, finish)
    assert f"Revoke the secret {hint}?" in text_of(asked)
    revoked = owner.fill(asked, finish, sure="yes")
    assert "The secret is revoked." in text_of(owner.get(revoked.headers["location"]))
    assert secrets_of(world, machine) == []


def test_the_api_revokes_secrets_that_no_method_uses_and_only_those(world: World) -> None:
    machine = make_key_client(world)
    path = f"/oauth/clients/{machine.client_id}"
    refused = world.api.patch(path, bearer=world.owner.access, json={"revoke_secrets": True})
    assert "revoke_secrets" in refused.expect(400, "invalid_request").object()["error_description"]
    secret = f"{path}/secrets/{machine.oauth.secret_id}"
    world.api.delete(secret, bearer=world.owner.access).expect(409, "conflict")
    body = {"token_endpoint_auth_methods": ["private_key_jwt"], "revoke_secrets": True}
    view = world.api.patch(path, bearer=world.owner.access, json=body).expect(200).object()
    assert view["secrets"] == []
    machine.token()
    # A client that had changed over before.
    other = make_key_client(world)
    set_methods(world.api, world.owner, other.client_id, ["private_key_jwt"]).expect(200)
    secret = f"/oauth/clients/{other.client_id}/secrets/{other.oauth.secret_id}"
    world.api.delete(secret, bearer=world.owner.access).expect(204)
    assert secrets_of(world, other) == []
