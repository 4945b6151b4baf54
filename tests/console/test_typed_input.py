"""What a person typed is never lost silently: not to an archived product, not to a choice made before typing."""

from __future__ import annotations

import pytest

from console.browser import Visitor, text_of
from console.test_edit_conflicts import colleague, new_client, stored
from console.test_product_form import followed, form, save
from harness.world import World
from products.catalogue import change, complete, create, delete, path, published, read, version


def test_saving_a_product_that_was_archived_keeps_what_was_typed(world: World, editor: Visitor) -> None:
    made = published(world)
    page = form(editor, made)
    delete(world, made).expect(204)
    refused = save(editor, page, brand="Typed", description="Line 1\nLine 2")
    assert refused.status_code == 409
    assert "This product was archived in the meantime, so nothing was saved." in text_of(refused)
    fields = dict(editor.fields(refused, path(made)))
    assert (fields["brand"], fields["description"]) == ("Typed", "Line 1\nLine 2")
    again = save(editor, refused)
    assert (again.status_code, dict(editor.fields(again, path(made)))["brand"]) == (409, "Typed")
    assert editor.fill(editor.get(path(made)), f"{path(made)}/unarchive").status_code == 303
    assert "Saved." in followed(editor, save(editor, again))
    assert version(world, made, 2).expect(200).data()["content"]["brand"] == "Typed"


@pytest.mark.any_engine
def test_typing_after_a_choice_wins_over_the_choice(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    page = form(editor, made)
    change(world, made, {"content": {"brand": "Theirs", "modelNumber": "Theirs"}}).expect(200)
    asked = save(editor, page, brand="Mine", modelNumber="Mine")
    both = {"choice.brand": "theirs", "choice.modelNumber": "theirs"}
    followed(editor, save(editor, asked, brand="Typed last", **both))
    saved = read(world, made).data()["content"]
    assert (saved["brand"], saved["modelNumber"]) == ("Typed last", "Theirs")


@pytest.mark.any_engine
def test_typing_after_a_choice_of_a_setting_wins(world: World, editor: Visitor) -> None:
    oauth = new_client(world)
    address = f"/account/api-access/{oauth.client_id}"
    page = editor.get(address)
    colleague(world, oauth, client_name="Theirs", allowed_cidrs=["127.0.0.0/8", "10.9.0.0/16"])
    asked = editor.fill(page, address, name="Mine", ranges="127.0.0.0/8\n10.8.0.0/16")
    assert asked.status_code == 409
    both = {"choice.name": "theirs", "choice.ranges": "theirs"}
    assert editor.fill(asked, address, name="Typed last", **both).status_code == 303
    after = stored(world, oauth)
    assert (after["client_name"], sorted(after["allowed_cidrs"])) == ("Typed last", ["10.9.0.0/16", "127.0.0.0/8"])
