"""The product form as a browser without script sends it: what it saves, and what it leaves unchanged."""

from __future__ import annotations

import random
from itertools import cycle
from typing import Any
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from console.test_permissions import GUARDED
from harness.answers import JsonObject
from harness.world import World
from products.catalogue import change, complete, create, delete, new_gtin, path, published, read

# What browsers, spreadsheets and other programs leave in texts.
ODD = (
    "\r\n", "\n", "\r", " ", "\t", "\x85", "\xa0", "\u2028", "\ufeff",
       "&amp;", "&#13;", "<b>", "</textarea>", '"', "'", "\\", "é", "😀", "0", "1.0", "x")  # fmt: skip
CRLF = {"description": "Line 1\r\nLine 2"}
LEADING = {"name": " Drill ", "description": "\nfirst line empty"}


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
    found += [{"description": "".join(chance.choices(ODD, k=chance.randrange(3, 27)))} for _ in range(8)]
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


def test_saving_an_unchanged_product_writes_nothing(world: World, editor: Visitor) -> None:
    for content in shapes():
        made = create(world, **content)
        saved = save(editor, form(editor, made))
        assert saved.status_code == 303, content
        assert read(world, made).data() == made, content
    for content in (CRLF, LEADING):
        made = published(world, **content)
        saved = save(editor, form(editor, made))
        assert read(world, made).data() == made, "no draft is begun"
    assert "Nothing was changed, so nothing was saved." in followed(editor, saved)


def test_a_change_leaves_the_other_fields_byte_for_byte(world: World, editor: Visitor) -> None:
    for content in shapes()[:14]:
        made = create(world, **content)
        assert save(editor, form(editor, made), modelNumber="M 1").status_code == 303, content
        assert read(world, made).data()["content"] == made["content"] | {"modelNumber": "M 1"}


@pytest.mark.any_engine
def test_changes_of_two_people_to_different_fields_are_both_kept(
    world: World, editor: Visitor, new_visitor: NewVisitor
) -> None:
    other = world.person("ADMIN")
    made = create(world, **complete())
    mine, theirs = form(editor, made), new_visitor(other)
    followed(theirs, save(theirs, form(theirs, made), brand="Theirs", description="New text"))
    said = followed(editor, save(editor, mine, modelNumber="Mine"))
    assert f"Saved. {other.email} changed Brand and Description in the meantime; those changes are kept." in said
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


@pytest.mark.any_engine
def test_a_colleagues_change_of_any_other_field_survives(world: World, editor: Visitor) -> None:
    for name in values("mine"):
        made = create(world, **complete())
        page = form(editor, made)
        theirs, mine = values("theirs"), values("mine")
        change(world, made, as_patch({other: theirs[other] for other in theirs if other != name})).expect(200)
        assert save(editor, page, **{name: mine[name]}).status_code == 303, name
        shown, expected = read(world, made).data(), as_patch(theirs | {name: mine[name]})
        assert shown["content"] == made["content"] | expected["content"], name
        assert (shown["sku"], shown["gtin"]) == (expected["sku"], expected["gtin"].rjust(14, "0")), name


def test_every_product_form_is_tested() -> None:
    """A form that edits belongs into the test above."""
    forms = {template.replace(":str", "").replace(":int", "") for method, template, _ in GUARDED if method == "POST"}
    one = "/products/{product_id}"
    assert {template for template in forms if template.startswith("/products")} == {
        one, "/products/new", f"{one}/publish", f"{one}/remove", f"{one}/discard", f"{one}/unarchive",
        f"{one}/versions/{{version}}/draft", f"{one}/versions/{{version}}/withdraw", f"{one}/passport/link",
        f"{one}/passport/access", f"{one}/passport/units/new", f"{one}/passport/units/{{unit_id}}",
    }  # fmt: skip


@pytest.mark.any_engine
def test_a_field_that_both_changed_is_asked_about(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    other = world.person("ADMIN")
    theirs = new_visitor(other)
    for choice, kept in {"theirs": "Theirs", "mine": "Mine"}.items():
        made = create(world, **complete())
        mine = form(editor, made)
        followed(theirs, save(theirs, form(theirs, made), brand="Theirs", description="New text"))
        asked = save(editor, mine, brand="Mine", modelNumber="M 2")
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
        followed(editor, save(editor, asked, **{"choice.brand": choice}))
        expected = {"brand": kept, "description": "New text", "modelNumber": "M 2"}
        assert read(world, made).data()["content"] == made["content"] | expected


@pytest.mark.any_engine
def test_the_choice_is_asked_again_when_the_field_changes_again(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    page = form(editor, made)
    change(world, made, {"content": {"brand": "Second"}}).expect(200)
    asked = save(editor, page, brand="Mine")
    change(world, made, {"content": {"brand": "Third"}}).expect(200)
    again = save(editor, asked)
    assert again.status_code == 409
    assert "Theirs: Third" in text_of(again)
    followed(editor, save(editor, again))
    assert read(world, made).data()["content"]["brand"] == "Mine"


@pytest.mark.any_engine
def test_the_same_change_by_two_people_is_no_conflict(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    page = form(editor, made)
    change(world, made, {"content": {"brand": "Same"}}).expect(200)
    assert "Nothing was changed" in followed(editor, save(editor, page, brand="Same"))


@pytest.mark.any_engine
def test_a_refused_form_keeps_what_was_typed_and_what_others_saved(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    page = form(editor, made)
    change(world, made, {"content": {"brand": "Theirs"}}).expect(200)
    refused = save(editor, page, gtin="4006381333932", modelNumber="M 3")
    assert refused.status_code == 422
    assert "GTIN: The check digit is wrong" in text_of(refused)
    said = followed(editor, save(editor, refused, gtin=str(made["gtin"])[1:]))
    assert "changed Brand in the meantime; that change is kept." in said
    assert read(world, made).data()["content"] == made["content"] | {"brand": "Theirs", "modelNumber": "M 3"}


@pytest.mark.any_engine
def test_a_form_without_its_original_values_overwrites_nothing(world: World, editor: Visitor) -> None:
    """One of an older release, sent after the service was replaced."""
    made = create(world, **complete())
    page = form(editor, made)
    change(world, made, {"content": {"brand": "Theirs"}}).expect(200)
    fields = [pair for pair in editor.fields(page, path(made)) if pair[0] != "opened"]
    asked = editor.post(path(made), fields)
    assert asked.status_code == 409
    assert "Theirs: Theirs" in text_of(asked)
    assert read(world, made).data()["content"]["brand"] == "Theirs"
    fresh = [pair for pair in editor.fields(form(editor, made), path(made)) if pair[0] not in ("opened", "brand")]
    followed(editor, editor.post(path(made), [*fresh, ("brand", "Mine")]))
    assert read(world, made).data()["content"]["brand"] == "Mine"


@pytest.mark.any_engine
def test_clearing_every_field_of_a_category_removes_it(world: World, editor: Visitor) -> None:
    made = create(world, **complete())
    names = ("code", "name", "schemeId", "schemeName")
    followed(editor, save(editor, form(editor, made), **{f"category.{name}": "" for name in names}))
    assert "category" not in read(world, made).data()["content"]


GTINS = {
    " 4 006381 333931 ": "4006381333931",
    "4006381-333931": "4006381333931",
    "https://id.gs1.org/01/04006381333931/10/ABC?17=261231": "4006381333931",
    "https://example.com/gtin/04006381333931": "4006381333931",
    "9638\u00a05074": "96385074",
    "https://id.gs1.org/01/00000096385074": "96385074",
    "(01)09520000002176": "9520000002176",
    "(01) 0 9520000 00217 6 (10)ABC(17)261231": "9520000002176",
    "]C10109520000002176": "9520000002176",
    "]d2(01)00000096385074": "96385074",
}
GLNS = ("4012345 00000 9", "(414)4012345000009", "(417) 4012345 00000 9")


@pytest.mark.any_engine
def test_a_gtin_with_spaces_or_hyphens_is_accepted(world: World, editor: Visitor) -> None:
    for (typed, digits), gln in zip(GTINS.items(), cycle(GLNS), strict=False):
        made = create(world)
        said = followed(editor, save(editor, form(editor, made), gtin=typed, **{"facility.gln": gln}))
        assert f"GTIN: read as {digits}." in said
        assert "Facility GLN: read as 4012345000009." in said
        shown = read(world, made).data()
        assert (shown["gtin"], shown["gtinFormat"]) == (digits.rjust(14, "0"), f"GTIN_{len(digits)}")
        delete(world, made).expect(204)
    said = followed(editor, editor.fill(editor.get("/products/new"), None, name="N", sku=made["sku"], gtin=typed))
    assert f"GTIN: read as {digits}." in said
    again = world.api.get(f"/products/by-sku/{made['sku']}", bearer=world.owner.access).expect(200).data()
    assert again["gtin"] == digits.rjust(14, "0")
    delete(world, again).expect(204)


@pytest.mark.any_engine
def test_a_country_is_never_truncated(world: World, editor: Visitor) -> None:
    for typed, code in {"CHINA": "CN", "at": "AT", "Germany": "DE", "": None}.items():
        made = create(world, countryOfProduction="FR")
        followed(editor, save(editor, form(editor, made), countryOfProduction=typed))
        assert read(world, made).data()["content"].get("countryOfProduction") == code


@pytest.mark.any_engine
def test_an_unknown_country_is_refused_and_kept_in_the_form(world: World, editor: Visitor) -> None:
    made = create(world)
    refused = save(editor, form(editor, made), countryOfProduction="Atlantis")
    assert refused.status_code == 422
    assert "Unknown country code" in text_of(refused)
    assert ("countryOfProduction", "Atlantis") in editor.fields(refused, path(made))


@pytest.mark.any_engine
def test_countries_are_a_list_by_name_the_used_ones_first(world: World, editor: Visitor) -> None:
    made = create(world, countryOfProduction="AX")
    text = form(editor, made).text
    used = text[text.index("Recently used") : text.index("All countries")]
    assert "Åland Islands (AX)" in used
    assert "Austria (AT)" in text[text.index("All countries") :]
