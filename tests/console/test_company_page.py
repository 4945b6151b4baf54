"""The name, short name and GLN of the account in the console: what a colleague saved meanwhile survives a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.answers import JsonObject
from harness.world import World
from products.catalogue import new_gtin

PAGE = "/account/company"


@pytest.fixture(autouse=True)
def as_before(world: World) -> Iterator[None]:
    before = _stored(world)
    yield
    _save(world, **{name: before[name] for name in ("name", "slug", "gln")})


def _stored(world: World) -> JsonObject:
    found: JsonObject = world.api.get("/account", bearer=world.owner.access).expect(200).data()
    return found


def _save(world: World, **values: str | None) -> None:
    world.api.patch("/account", bearer=world.owner.access, json=values).expect(200)


def test_a_refused_form_does_not_undo_what_a_colleague_saved(world: World, editor: Visitor) -> None:
    form = editor.get(PAGE)
    theirs = f"Acme {uuid4()}"
    _save(world, name=theirs)
    refused = editor.fill(form, PAGE, gln="4012345000001")
    assert refused.status_code == 422
    gln = new_gtin()
    saved = editor.fill(refused, PAGE, gln=gln)
    assert saved.status_code == 303, text_of(saved)
    found = _stored(world)
    assert (found["name"], found["gln"]) == (theirs, gln)


def test_a_gln_is_read_as_people_paste_it(world: World, editor: Visitor) -> None:
    gln = new_gtin()
    spaced = f"{gln[:3]} {gln[3:8]} {gln[8:]}"
    assert editor.fill(editor.get(PAGE), PAGE, gln=spaced).status_code == 303
    assert _stored(world)["gln"] == gln


def test_errors_name_the_fields_as_the_page_does(world: World, editor: Visitor) -> None:
    taken = world.api.get("/account", bearer=world.other_owner.access).expect(200).data()["slug"]
    for slug in ("Not a slug", "assets", taken):
        refused = editor.fill(editor.get(PAGE), PAGE, slug=slug)
        assert refused.status_code in (409, 422), slug
        assert dict(editor.fields(refused, PAGE))["slug"] == slug
        said = text_of(refused)
        assert "short name" in said.partition("Company")[2]
        assert "slug" not in said.replace(slug, "")


@pytest.mark.parametrize("role", ["MEMBER", "VIEWER"])
def test_others_do_not_change_the_company(world: World, new_visitor: NewVisitor, role: str) -> None:
    visitor = new_visitor(world.person(role))
    assert visitor.get(PAGE).status_code == 403
    assert PAGE not in visitor.get("/partners").text
