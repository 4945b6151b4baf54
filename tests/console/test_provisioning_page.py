"""The page of SCIM tokens: created and shown once, revoked, for Owners alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.world import World
from scim.provider import Provider, end_tokens

PAGE = "/account/provisioning"


@pytest.fixture
def owner(world: World, new_visitor: NewVisitor) -> Iterator[Visitor]:
    end_tokens(world)
    yield new_visitor(world.person("OWNER"))
    end_tokens(world)


def test_a_token_is_shown_once_and_works(world: World, owner: Visitor) -> None:
    shown = owner.fill(owner.get(PAGE), PAGE, name="Entra ID", expires="2035-06-30")
    assert shown.status_code == 200
    found = re.search(r"lxgscm_[0-9A-Za-z]+", shown.text)
    assert found is not None
    token = world.vault.remember("SCIM token", found[0])
    Provider(world.api, "", token).get("/Users?count=1").expect(200)
    listed = owner.get(PAGE)
    assert token not in listed.text
    assert "Entra ID" in text_of(listed)
    assert "/scim/v2" in text_of(listed)
    assert "30 Jun 2035" in text_of(listed)


def test_a_revoked_token_ends(world: World, owner: Visitor) -> None:
    shown = owner.fill(owner.get(PAGE), PAGE, name="Okta")
    token = world.vault.remember("SCIM token", re.findall(r"lxgscm_[0-9A-Za-z]+", shown.text)[0])
    listed = owner.get(PAGE)
    action = re.findall(rf"{PAGE}/[^\"]+/revoke", listed.text)[0]
    asked = owner.fill(listed, action)
    assert "Revoke this SCIM token?" in text_of(asked)
    done = owner.fill(asked, action, sure="yes")
    assert done.status_code == 303
    assert "is revoked" in text_of(owner.get(done.headers["location"]))
    Provider(world.api, "", token).get("/Users?count=1").expect(401, "scim")


def test_errors_keep_what_was_typed(world: World, owner: Visitor) -> None:
    shown = owner.fill(owner.get(PAGE), PAGE, name="", expires="2035-06-30")
    assert shown.status_code == 422
    assert 'value="2035-06-30"' in shown.text
    assert owner.fill(owner.get(PAGE), PAGE, name="x", expires="2001-01-01").status_code == 422
    for name in ("one", "two"):
        answer = owner.fill(owner.get(PAGE), PAGE, name=name)
        world.vault.remember("SCIM token", re.findall(r"lxgscm_[0-9A-Za-z]+", answer.text)[0])
    assert "Two tokens are live" in text_of(owner.get(PAGE))


def test_only_owners_see_the_provisioning_page(world: World, new_visitor: NewVisitor) -> None:
    admin = new_visitor(world.person("ADMIN"))
    assert admin.get(PAGE).status_code == 403
    assert PAGE not in admin.get("/account/members").text


def test_the_name_of_a_token_is_stored_in_its_canonical_form(world: World, owner: Visitor) -> None:
    answer = world.api.post(
        "/account/scim-tokens", bearer=world.owner.access, json={"name": "  Cafe\u0301 "}, reveals=True
    )
    world.vault.remember("SCIM token", answer.expect(201).data()["token"])
    assert answer.data()["name"] == "Caf\u00e9"
    assert "Caf\u00e9" in text_of(owner.get(PAGE))
