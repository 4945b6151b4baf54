"""An Owner or Admin registers a resource server and changes its settings in the console."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from console.browser import Visitor, secret_in, text_of
from harness.clients import OAuthClient, request_token
from harness.world import World

NEW = "/account/api-access/new"


@pytest.fixture
def resource() -> str:
    return f"https://{uuid4().hex}.example/api"


def test_a_resource_server_is_registered_and_changed(world: World, owner: Visitor, resource: str) -> None:
    made = owner.fill(owner.get(NEW), name="Orders", resource=resource)
    secret = secret_in(made, world.vault)
    assert "linkxg-guard" in text_of(made)
    assert "Test this credential" not in text_of(made)
    found = re.search(r"lxgcli_\w+", made.text)
    assert found is not None
    server = OAuthClient(found[0], secret, "", "")
    request_token(world.api, server).expect(400, "unauthorized_client")
    request_token(world.api, world.oauth, resource=resource).expect(200)
    assert resource in text_of(owner.get("/account/api-access?sort=created"))
    page = owner.get(f"/account/api-access/{server.client_id}")
    assert resource in text_of(page)
    assert 'name="scope"' not in page.text
    saved = owner.fill(page, f"/account/api-access/{server.client_id}", name="Renamed")
    assert saved.status_code == 303, text_of(saved)
    assert "Renamed" in text_of(owner.get(f"/account/api-access/{server.client_id}"))


def test_faults_are_reported_at_their_fields(owner: Visitor, resource: str) -> None:
    both = owner.fill(owner.get(NEW), name="Both", resource=resource, scope=["products:read"])
    assert (both.status_code, "A resource server has no scopes." in text_of(both)) == (422, True)
    malformed = owner.fill(owner.get(NEW), name="Malformed", resource="http://orders.example")
    assert (malformed.status_code, "must be an https URL" in text_of(malformed)) == (422, True)
    owner.fill(owner.get(NEW), name="First", resource=resource)
    again = owner.fill(owner.get(NEW), name="Second", resource=resource)
    assert (again.status_code, "has a resource server with this resource already" in text_of(again)) == (422, True)
