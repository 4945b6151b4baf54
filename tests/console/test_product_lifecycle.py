"""Reviewing, publishing, discarding, archiving and unarchiving a product in the console."""

from __future__ import annotations

import pytest

from console.browser import Visitor, text_of
from console.test_product_form import followed, form, save
from harness.world import World
from products.catalogue import body, change, complete, create, new_gtin, path, post, publish, published, read

# What is written is tested through the API, on both engines.
pytestmark = pytest.mark.any_engine


def test_publishing_includes_unsaved_input(world: World, editor: Visitor) -> None:
    made = published(world)
    review = editor.get(save(editor, form(editor, made), brand="Typed", then="review").headers["location"])
    assert "Once published, version 2 cannot be changed. Readers see it immediately." in text_of(review)
    assert "Typed" in text_of(review)
    assert read(world, made).data()["content"] == made["content"], "not published yet"
    long = editor.fill(review, f"{path(made)}/publish", changeNote="x" * 1_001)
    assert long.status_code == 422
    assert "at most 1,000 characters" in text_of(long)
    followed(editor, editor.fill(long, f"{path(made)}/publish", changeNote="Typed"))
    assert read(world, made).data()["content"] == made["content"] | {"brand": "Typed"}


def test_what_changes_during_a_review_is_shown_before_it_is_published(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    review = editor.get(f"{path(made)}/review")
    change(world, made, {"content": {"brand": "Sneaked in"}}).expect(200)
    refused = editor.fill(review, f"{path(made)}/publish")
    assert refused.status_code == 409
    assert "Sneaked in" in text_of(refused)
    followed(editor, editor.fill(refused, f"{path(made)}/publish"))


def test_a_review_of_an_incomplete_draft_lists_what_is_missing(world: World, editor: Visitor) -> None:
    made = create(world)
    review = editor.get(save(editor, form(editor, made), brand="B", then="review").headers["location"])
    assert "4 things are missing before version 1 can be published." in text_of(review)
    assert f'action="{path(made)}/publish"' not in review.text


def test_a_draft_is_discarded_after_a_question_with_numbers(world: World, editor: Visitor) -> None:
    made = published(world)
    change(world, made, {"content": {"brand": "B", "description": "D"}}).expect(200)
    asked = editor.get(f"{path(made)}/discard")
    said = text_of(asked)
    assert "Version 2 was never published. Its 2 changes are lost; version 1 stays as it is." in said
    change(world, made, {"content": {"modelNumber": "M"}}).expect(200)
    stale = editor.fill(asked, f"{path(made)}/discard")
    assert stale.status_code == 409
    assert "Its 3 changes are lost" in text_of(stale)
    assert "The draft is discarded" in followed(editor, editor.fill(stale, f"{path(made)}/discard"))
    shown = read(world, made).data()
    assert (shown["draftVersion"], shown["content"]) == (None, made["content"])


def test_a_draft_is_begun_from_an_old_version(world: World, editor: Visitor) -> None:
    made = published(world, brand="First")
    change(world, made, {"content": {"brand": "Second"}}).expect(200)
    publish(world, made).expect(200)
    old = editor.get(f"{path(made)}/versions/1")
    followed(editor, editor.fill(old, f"{path(made)}/versions/1/draft"))
    draft = world.api.get(f"{path(made)}?version=draft", bearer=world.owner.access).expect(200).data()
    assert (draft["draftVersion"], draft["content"]["brand"]) == (3, "First")
    again = editor.fill(old, f"{path(made)}/versions/1/draft")
    assert again.status_code == 409
    assert "There is already a draft" in text_of(again)


def test_archiving_asks_with_numbers_and_can_be_undone(world: World, editor: Visitor) -> None:
    made = published(world)
    asked = editor.get(f"{path(made)}/remove")
    said = text_of(asked)
    assert "1 published version stays readable" in said
    assert f"GTIN {made['gtin'][1:]} becomes free for another product immediately." in said
    assert "Unarchive product" in followed(editor, editor.fill(asked, f"{path(made)}/remove"))
    heir = post(world, body(gtin=made["gtin"])).expect(201).data()
    refused = editor.fill(editor.get(path(made)), f"{path(made)}/unarchive")
    assert refused.status_code == 409
    assert "Another product took this GTIN while this one was archived." in text_of(refused)
    change(world, heir, {"gtin": new_gtin()}).expect(200)
    assert "The product is unarchived" in followed(editor, editor.fill(refused, f"{path(made)}/unarchive"))
    assert read(world, made).data()["status"] == "PUBLISHED"


def test_a_draft_that_was_published_meanwhile_is_reported(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    page = form(editor, made)
    publish(world, made).expect(200)
    said = followed(editor, save(editor, page, brand="Late"))
    assert "Saved. Version 1 was published in the meantime; this change is in the draft of version 2." in said
    assert read(world, made).data()["content"] == made["content"]


def test_a_review_with_nothing_to_publish_says_why(world: World, editor: Visitor) -> None:
    made = published(world)
    said = followed(editor, save(editor, form(editor, made), then="review"))
    assert "Nothing has changed since the last version, so there is nothing to publish." in said
    said = followed(editor, save(editor, form(editor, made), sku=f"{made['sku']}-2", then="review"))
    assert "Saved. SKU and GTIN are not part of a version, so there is nothing to publish." in said
    assert read(world, made).data()["sku"] == f"{made['sku']}-2"
