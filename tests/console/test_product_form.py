"""The form of a product, as a browser without script sends it: what it saves, and what it leaves alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from console.test_permissions import GUARDED
from harness.answers import JsonObject
from harness.world import World
from products.catalogue import body, change, complete, create, delete, new_gtin, path, post, publish, published, read

# What browsers, spreadsheets and other programs leave in texts.
ODD = (
    "\r\n", "\n", "\r", " ", "\t", "\x85", "\xa0", "\u2028", "\ufeff",
       "&amp;", "&#13;", "<b>", "</textarea>", '"', "'", "\\", "é", "😀", "0", "1.0", "x")  # fmt: skip
CRLF = {"description": "Line 1\r\nLine 2"}
LEADING = {"name": " Drill ", "description": "\nfirst line empty"}


@pytest.fixture(scope="module")
def owner(world: World) -> Iterator[Visitor]:
    """One session for all of these tests: a sign-in takes longer than what they do."""
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.person("OWNER")).status_code == 303
    yield visitor
    visitor.close()


def shapes() -> list[JsonObject]:
    """Contents that are hard to carry through a form; the same in every run."""
    chance = random.Random(8)
    found: list[JsonObject] = [
        CRLF, LEADING, {"description": "\n"}, {"description": "\r\n\r\n"}, {"description": "a\rb\n"},
        {"description": " "}, {"description": "😀" * 10_000}, {"description": "\x85\ufeff"},
        {"name": " a  b ", "brand": " ", "modelNumber": "0012.50"},
        {"countryOfProduction": "FR", "facility": {"country": "AT"}},
        {"category": {"code": " 1 ", "name": "", "schemeName": " s "}, "facility": {"name": " "}},
        {"attributes": {"a": 1.0, "b": 1e15, "c": [1.5, None], "d": "1\r\n2"}, "materials": [{"name": " x "}]},
    ]  # fmt: skip
    found += [{"description": "".join(chance.choices(ODD, k=chance.randrange(1, 9)))} for _ in range(24)]
    return found


def form(visitor: Visitor, product: JsonObject) -> Any:
    page = visitor.get(path(product))
    assert page.status_code == 200
    return page


def save(visitor: Visitor, page: Any, **values: str) -> Any:
    return visitor.fill(page, page.request.url.path, **values)


def followed(visitor: Visitor, answer: Any) -> str:
    assert answer.status_code == 303, text_of(answer)
    return text_of(visitor.get(answer.headers["location"]))


def test_saving_an_unchanged_product_writes_nothing(world: World, owner: Visitor) -> None:
    for content in shapes():
        made = create(world, **content)
        said = followed(owner, save(owner, form(owner, made)))
        assert "Nothing was changed, so nothing was saved." in said, content
        assert read(world, made).data() == made, content
    for content in (CRLF, LEADING):
        made = published(world, **content)
        followed(owner, save(owner, form(owner, made)))
        assert read(world, made).data() == made, "no draft is begun"


def test_a_change_leaves_the_other_fields_to_the_byte(world: World, owner: Visitor) -> None:
    for content in shapes()[:14]:
        made = create(world, **content)
        assert "Saved." in followed(owner, save(owner, form(owner, made), modelNumber="M 1"))
        assert read(world, made).data()["content"] == made["content"] | {"modelNumber": "M 1"}


def test_changes_of_two_people_to_different_fields_both_stand(
    world: World, owner: Visitor, new_visitor: NewVisitor
) -> None:
    other = world.person("ADMIN")
    made = create(world, **complete())
    mine, theirs = form(owner, made), new_visitor(other)
    followed(theirs, save(theirs, form(theirs, made), brand="Theirs", description="New text"))
    said = followed(owner, save(owner, mine, modelNumber="Mine"))
    assert f"Saved. {other.email} changed Brand and Description meanwhile; those changes stand." in said
    expected = {"brand": "Theirs", "description": "New text", "modelNumber": "Mine"}
    assert read(world, made).data()["content"] == made["content"] | expected


def values(mark: str) -> dict[str, str]:
    """Another value for each field of the form."""
    texts = ("sku", "name", "brand", "modelNumber", "description", "category.code", "category.name",
             "category.schemeName", "facility.name")  # fmt: skip
    return {name: f"{name} {mark} {uuid4()}" for name in texts} | {
        "gtin": new_gtin(),
        "category.schemeId": f"https://example.com/{mark}",
        "facility.gln": {"theirs": "4012345000016", "mine": "4012345000023"}[mark],
        "facility.country": {"theirs": "AT", "mine": "CH"}[mark],
        "countryOfProduction": {"theirs": "PT", "mine": "ES"}[mark],
    }


def as_patch(fields: dict[str, str]) -> JsonObject:
    """What the API calls these fields of the form."""
    patch: JsonObject = {}
    for name, value in fields.items():
        at = patch if name in ("sku", "gtin") else patch.setdefault("content", {})
        member, _, inner = name.partition(".")
        at |= {member: at.get(member, {}) | {inner: value}} if inner else {member: value}
    return patch


def test_a_colleagues_change_of_any_other_field_survives(world: World, owner: Visitor) -> None:
    for name in values("mine"):
        made = create(world, **complete())
        page = form(owner, made)
        theirs, mine = values("theirs"), values("mine")
        change(world, made, as_patch({other: theirs[other] for other in theirs if other != name})).expect(200)
        followed(owner, save(owner, page, **{name: mine[name]}))
        shown, expected = read(world, made).data(), as_patch(theirs | {name: mine[name]})
        assert shown["content"] == made["content"] | expected["content"], name
        assert (shown["sku"], shown["gtin"]) == (expected["sku"], expected["gtin"].rjust(14, "0")), name


def test_every_form_of_a_product_is_known() -> None:
    """A form that edits belongs into the test above."""
    forms = {template.replace(":str", "").replace(":int", "") for method, template, _ in GUARDED if method == "POST"}
    one = "/products/{product_id}"
    assert {template for template in forms if template.startswith("/products")} == {
        one, "/products/new", f"{one}/publish", f"{one}/remove", f"{one}/discard", f"{one}/unarchive",
        f"{one}/versions/{{version}}/draft", f"{one}/versions/{{version}}/withdraw",
    }  # fmt: skip


def test_a_field_that_both_changed_is_asked_about(world: World, owner: Visitor, new_visitor: NewVisitor) -> None:
    other = world.person("ADMIN")
    theirs = new_visitor(other)
    for choice, kept in {"theirs": "Theirs", "mine": "Mine"}.items():
        made = create(world, **complete())
        mine = form(owner, made)
        followed(theirs, save(theirs, form(theirs, made), brand="Theirs", description="New text"))
        asked = save(owner, mine, brand="Mine", modelNumber="M 2")
        assert asked.status_code == 409
        said = text_of(asked)
        for told in (
            f"Brand was changed by {other.email}, just now.",
            "Theirs: Theirs",
            "Mine: Mine",
            "Save with these",
        ):
            assert told in said
        assert read(world, made).data()["content"]["brand"] == "Theirs", "nothing is written while it asks"
        followed(owner, save(owner, asked, **{"choice.brand": choice}))
        expected = {"brand": kept, "description": "New text", "modelNumber": "M 2"}
        assert read(world, made).data()["content"] == made["content"] | expected


def test_the_choice_is_asked_again_when_the_field_changes_again(world: World, owner: Visitor) -> None:
    made = create(world, **complete())
    page = form(owner, made)
    change(world, made, {"content": {"brand": "Second"}}).expect(200)
    asked = save(owner, page, brand="Mine")
    change(world, made, {"content": {"brand": "Third"}}).expect(200)
    again = save(owner, asked)
    assert again.status_code == 409
    assert "Theirs: Third" in text_of(again)
    followed(owner, save(owner, again))
    assert read(world, made).data()["content"]["brand"] == "Mine"


def test_the_same_change_by_two_people_is_no_conflict(world: World, owner: Visitor) -> None:
    made = create(world, **complete())
    page = form(owner, made)
    change(world, made, {"content": {"brand": "Same"}}).expect(200)
    assert "Nothing was changed" in followed(owner, save(owner, page, brand="Same"))


def test_a_refused_form_keeps_what_was_typed_and_what_others_saved(world: World, owner: Visitor) -> None:
    made = create(world, **complete())
    page = form(owner, made)
    change(world, made, {"content": {"brand": "Theirs"}}).expect(200)
    refused = save(owner, page, gtin="4006381333932", modelNumber="M 3")
    assert refused.status_code == 422
    assert "GTIN: The check digit is wrong" in text_of(refused)
    said = followed(owner, save(owner, refused, gtin=str(made["gtin"])[1:]))
    assert "changed Brand meanwhile; that change stands." in said
    assert read(world, made).data()["content"] == made["content"] | {"brand": "Theirs", "modelNumber": "M 3"}


def test_a_form_that_does_not_say_what_it_was_opened_with_overwrites_nothing(world: World, owner: Visitor) -> None:
    """One of an older release, sent after the service was replaced."""
    made = create(world, **complete())
    page = form(owner, made)
    change(world, made, {"content": {"brand": "Theirs"}}).expect(200)
    fields = [pair for pair in owner.fields(page, path(made)) if pair[0] != "opened"]
    asked = owner.post(path(made), fields)
    assert asked.status_code == 409
    assert "Theirs: Theirs" in text_of(asked)
    assert read(world, made).data()["content"]["brand"] == "Theirs"
    fresh = [pair for pair in owner.fields(form(owner, made), path(made)) if pair[0] not in ("opened", "brand")]
    followed(owner, owner.post(path(made), [*fresh, ("brand", "Mine")]))
    assert read(world, made).data()["content"]["brand"] == "Mine"


def test_clearing_every_field_of_a_category_removes_it(world: World, owner: Visitor) -> None:
    made = create(world, **complete())
    names = ("code", "name", "schemeId", "schemeName")
    followed(owner, save(owner, form(owner, made), **{f"category.{name}": "" for name in names}))
    assert "category" not in read(world, made).data()["content"]


GTINS = {
    " 4 006381 333931 ": "4006381333931",
    "4006381-333931": "4006381333931",
    "https://id.gs1.org/01/04006381333931/10/ABC?17=261231": "4006381333931",
    "https://example.com/gtin/04006381333931": "4006381333931",
    "9638\u00a05074": "96385074",
    "https://id.gs1.org/01/00000096385074": "96385074",
}


def test_a_gtin_is_read_as_people_write_it(world: World, owner: Visitor) -> None:
    for typed, digits in GTINS.items():
        made = create(world)
        said = followed(owner, save(owner, form(owner, made), gtin=typed, **{"facility.gln": "4012345 00000 9"}))
        assert f"GTIN: read as {digits}." in said
        assert "Facility GLN: read as 4012345000009." in said
        shown = read(world, made).data()
        assert (shown["gtin"], shown["gtinFormat"]) == (digits.rjust(14, "0"), f"GTIN_{len(digits)}")
        delete(world, made).expect(204)
    said = followed(owner, owner.fill(owner.get("/products/new"), None, name="N", sku=made["sku"], gtin=typed))
    assert f"GTIN: read as {digits}." in said
    again = world.api.get(f"/products/by-sku/{made['sku']}", bearer=world.owner.access).expect(200).data()
    assert again["gtin"] == digits.rjust(14, "0")
    delete(world, again).expect(204)


def test_a_country_is_never_cut(world: World, owner: Visitor) -> None:
    for typed, code in {"CHINA": "CN", "at": "AT", "Germany": "DE", "": None}.items():
        made = create(world, countryOfProduction="FR")
        followed(owner, save(owner, form(owner, made), countryOfProduction=typed))
        assert read(world, made).data()["content"].get("countryOfProduction") == code


def test_an_unknown_country_is_refused_and_kept_in_the_form(world: World, owner: Visitor) -> None:
    made = create(world)
    refused = save(owner, form(owner, made), countryOfProduction="Atlantis")
    assert refused.status_code == 422
    assert "Unknown country code" in text_of(refused)
    assert ("countryOfProduction", "Atlantis") in owner.fields(refused, path(made))


def test_countries_are_a_list_by_name_the_used_ones_first(world: World, owner: Visitor) -> None:
    made = create(world, countryOfProduction="AX")
    text = form(owner, made).text
    used = text[text.index("Used lately") : text.index("All countries")]
    assert "Åland Islands (AX)" in used
    assert "Austria (AT)" in text[text.index("All countries") :]


def test_publishing_takes_along_what_was_typed(world: World, owner: Visitor) -> None:
    made = published(world)
    review = owner.get(save(owner, form(owner, made), brand="Typed", then="review").headers["location"])
    assert "Version 2 will say this for ever. Readers see it at once." in text_of(review)
    assert "Typed" in text_of(review)
    assert read(world, made).data()["content"] == made["content"], "not published yet"
    long = owner.fill(review, f"{path(made)}/publish", changeNote="x" * 1_001)
    assert long.status_code == 422
    assert "at most 1,000 characters" in text_of(long)
    followed(owner, owner.fill(long, f"{path(made)}/publish", changeNote="Typed"))
    assert read(world, made).data()["content"] == made["content"] | {"brand": "Typed"}


def test_what_changes_during_a_review_is_shown_before_it_is_published(world: World, owner: Visitor) -> None:
    made = create(world, **complete())
    review = owner.get(f"{path(made)}/review")
    change(world, made, {"content": {"brand": "Sneaked in"}}).expect(200)
    refused = owner.fill(review, f"{path(made)}/publish")
    assert refused.status_code == 409
    assert "Sneaked in" in text_of(refused)
    followed(owner, owner.fill(refused, f"{path(made)}/publish"))


def test_a_review_of_an_incomplete_draft_lists_what_is_missing(world: World, owner: Visitor) -> None:
    made = create(world)
    review = owner.get(save(owner, form(owner, made), brand="B", then="review").headers["location"])
    assert "4 things are missing before version 1 can be published." in text_of(review)
    assert f'action="{path(made)}/publish"' not in review.text


def test_a_draft_is_discarded_after_a_question_with_numbers(world: World, owner: Visitor) -> None:
    made = published(world)
    change(world, made, {"content": {"brand": "B", "description": "D"}}).expect(200)
    asked = owner.get(f"{path(made)}/discard")
    said = text_of(asked)
    assert "Version 2 was never published. Its 2 changes are lost; version 1 stays as it is." in said
    change(world, made, {"content": {"modelNumber": "M"}}).expect(200)
    stale = owner.fill(asked, f"{path(made)}/discard")
    assert stale.status_code == 409
    assert "Its 3 changes are lost" in text_of(stale)
    assert "The draft is discarded" in followed(owner, owner.fill(stale, f"{path(made)}/discard"))
    shown = read(world, made).data()
    assert (shown["draftVersion"], shown["content"]) == (None, made["content"])


def test_a_draft_is_begun_from_an_old_version(world: World, owner: Visitor) -> None:
    made = published(world, brand="First")
    change(world, made, {"content": {"brand": "Second"}}).expect(200)
    publish(world, made).expect(200)
    old = owner.get(f"{path(made)}/versions/1")
    followed(owner, owner.fill(old, f"{path(made)}/versions/1/draft"))
    draft = world.api.get(f"{path(made)}?version=draft", bearer=world.owner.access).expect(200).data()
    assert (draft["draftVersion"], draft["content"]["brand"]) == (3, "First")
    again = owner.fill(old, f"{path(made)}/versions/1/draft")
    assert again.status_code == 409
    assert "There is a draft already" in text_of(again)


def test_archiving_asks_with_numbers_and_can_be_taken_back(world: World, owner: Visitor) -> None:
    made = published(world)
    asked = owner.get(f"{path(made)}/remove")
    said = text_of(asked)
    assert "1 published version stays readable" in said
    assert f"GTIN {made['gtin'][1:]} is free for another product at once." in said
    assert "Unarchive product" in followed(owner, owner.fill(asked, f"{path(made)}/remove"))
    heir = post(world, body(gtin=made["gtin"])).expect(201).data()
    refused = owner.fill(owner.get(path(made)), f"{path(made)}/unarchive")
    assert refused.status_code == 409
    assert "Another product took this GTIN while this one was archived." in text_of(refused)
    change(world, heir, {"gtin": new_gtin()}).expect(200)
    assert "The product is unarchived" in followed(owner, owner.fill(refused, f"{path(made)}/unarchive"))
    assert read(world, made).data()["status"] == "PUBLISHED"
