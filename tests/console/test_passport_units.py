"""Passports of batches and items in the console: issued, given a life status, withdrawn; who sees what is edited."""

from __future__ import annotations

from console.browser import Visitor, text_of
from harness.answers import JsonObject
from harness.people import Person
from harness.world import World
from passports.reading import issued, passports_of, read_by_id
from passports.units import issue
from products.catalogue import change, create, path


def units_page(product: JsonObject) -> str:
    return f"/products/{product['id']}/passport/units/new"


def test_a_batch_and_items_are_issued_by_a_form(world: World, owner: Visitor) -> None:
    product, _ = issued(world)
    page = units_page(product)
    form = owner.get(page)
    fields = {"lot": "L-1", "serials": "1, 2\n3", "productionDate": "2026-11-20", "with_batch": "yes"}
    answer = owner.fill(form, page, **fields)
    assert answer.status_code == 303, text_of(answer)
    assert "4 passports are issued." in text_of(owner.get(answer.headers["location"]))
    # The same form again issues nothing more.
    assert owner.fill(form, page, **fields).status_code == 303
    made = passports_of(world, product, lot="L-1")
    ends = sorted(str(one["uniqueProductIdentifier"]).partition("/10/L-1")[2] for one in made)
    assert ends == ["", "/21/1", "/21/2", "/21/3"]
    item = str(made[-1]["digitalProductPassportId"]).rpartition("/")[2]
    assert read_by_id(world, item).data()["content"]["productionDate"] == "2026-11-20"
    labels = owner.get(f"/products/{product['id']}/passport/labels?lot=L-1&serials=1+2+3")
    assert labels.status_code == 200


def test_a_form_of_units_keeps_what_was_typed_and_says_where_it_is_wrong(world: World, owner: Visitor) -> None:
    product, _ = issued(world)
    issue(world, product, {"serial": "taken", "attributes": {"furnace": "3"}}).expect(201)
    page = units_page(product)
    for fields, field, message in (
        ({}, "lot", "Enter a batch, serial numbers, or both."),
        ({"serials": "new taken"}, "serials", "taken: Its passport is issued already."),
        ({"serials": "x" * 21}, "serials", "x: "),
        ({"lot": "L", "productionDate": "soon"}, "productionDate", "Enter a day such as"),
        (
            {"lot": "L", "productionDate": "2026-02-01", "expiryDate": "2026-01-01"}, "expiryDate",
            "before the date of production",
        ),
    ):  # fmt: skip
        answer = owner.fill(owner.get(page), page, **fields)
        assert answer.status_code == 422, fields
        assert "<title>Error: " in answer.text
        assert f'id="e-{field}"' in answer.text
        assert message in text_of(answer)
        kept = dict(owner.fields(answer, page))
        assert {name: kept[name] for name in fields} == fields
    (found,) = passports_of(world, product, serial="taken")
    item = str(found["digitalProductPassportId"]).rpartition("/")[2]
    assert read_by_id(world, item).data()["content"]["attributes"]["furnace"] == "3", "not issued again without it"
    assert passports_of(world, product, serial="new") == []
    assert "has no passport" in text_of(owner.get(units_page(create(world))))


def test_the_life_status_of_an_item_is_set_and_it_is_withdrawn(world: World, owner: Visitor) -> None:
    product, _ = issued(world)
    (item,) = issue(world, product, {"serial": "7"}).expect(201).data()
    page = f"/products/{product['id']}/passport/units/{item['id']}"
    assert f'href="{page}"' in owner.get(f"/products/{product['id']}/passport").text
    refused = owner.fill(owner.get(page), page, then="withdraw", life_status="waste")
    assert refused.status_code == 422
    assert dict(owner.fields(refused, page))["life_status"] == "waste"
    answer = owner.fill(owner.get(page), page, then="life-status", life_status="re-used")
    assert answer.status_code == 303
    assert read_by_id(world, item["id"]).data()["lifeStatus"] == "re-used"
    assert "Re-used" in text_of(owner.get(page))
    asked = owner.fill(owner.get(page), page, then="life-status", life_status="waste")
    assert "Is the item waste?" in text_of(asked)
    asked = owner.fill(owner.get(page), page, then="withdraw", reason="Not <sold>.")
    assert "Withdraw this passport?" in text_of(asked)
    assert read_by_id(world, item["id"]).data()["dppStatus"] != "invalid"
    back = owner.fill(asked, page, confirm_cancel="yes")
    assert dict(owner.fields(back, page))["reason"] == "Not <sold>."
    assert owner.fill(asked, page, sure="yes").status_code == 303
    assert "Not &lt;sold&gt;." in owner.get(page).text
    assert 'name="reason"' not in owner.get(page).text
    late = owner.post(page, [("csrf", owner.csrf()), ("then", "withdraw"), ("reason", "x"), ("sure", "yes")])
    assert late.status_code == 409
    assert owner.get(f"/products/{create(world)['id']}/passport/units/{item['id']}").status_code == 404


def test_who_sees_what_is_edited_and_others_changes_are_kept(world: World, owner: Visitor) -> None:
    product, _ = issued(world, brand="B", attributes={"a<b": "1", "furnace": "2"}, access={"brand": ["authority"]})
    page = f"/products/{product['id']}/passport/access"
    form = owner.get(page)
    fields = dict(owner.fields(form, page))
    labels = {text_of_label(form.text, name): name for name in fields if name.startswith("sees.")}
    assert fields[labels["Brand"]] == "authority"
    assert fields[labels["Journey"]] == ""
    assert fields[labels["Attributes, a&lt;b"]] == "public"
    change(world, product, {"content": {"access": {"modelNumber": ["authority"]}}}).expect(200)
    mine = {labels["Brand"]: "public", labels["Journey"]: "public", labels["Attributes, furnace"]: "authority"}
    answer = owner.fill(form, page, **mine)
    assert answer.status_code == 303, text_of(answer)
    assert "Saved in the draft." in text_of(owner.get(answer.headers["location"]))
    access = draft_of(world, product)["content"]["access"]
    assert access == {"modelNumber": ["authority"], "journey": ["public"], "attributes.furnace": ["authority"]}
    # Both changed the same field: the other value is shown, mine stays chosen, and saving again decides.
    late = owner.fill(form, page, **{labels["Attributes, furnace"]: "legitimateInterest"})
    assert late.status_code == 409
    assert "changed this to “Authority”" in text_of(late)
    assert dict(owner.fields(late, page))[labels["Attributes, furnace"]] == "legitimateInterest"
    assert owner.fill(late, page).status_code == 303
    access = draft_of(world, product)["content"]["access"]
    assert access["attributes.furnace"] == ["legitimateInterest"]
    assert "Nothing was changed" in text_of(owner.get(owner.fill(owner.get(page), page).headers["location"]))
    assert owner.fill(owner.get(page), page, **{labels["Brand"]: "owner"}).status_code == 400


def draft_of(world: World, product: JsonObject) -> JsonObject:
    found = world.api.get(f"{path(product)}?version=draft", bearer=world.owner.access).expect(200)
    shown: JsonObject = found.data()
    return shown


def text_of_label(page: str, name: str) -> str:
    return page.partition(f'<label for="{name}"><bdi>')[2].partition("</bdi>")[0]


def test_a_viewer_reads_a_unit_and_changes_nothing(world: World, new_visitor: object) -> None:
    viewer: Person = world.person("VIEWER")
    visitor: Visitor = new_visitor(viewer)  # type: ignore[operator]
    product, _ = issued(world)
    (item,) = issue(world, product, {"serial": "7"}).expect(201).data()
    page = f"/products/{product['id']}/passport/units/{item['id']}"
    assert visitor.get(page).status_code == 200
    assert 'name="then"' not in visitor.get(page).text
    assert visitor.get(units_page(product)).status_code == 403
    assert visitor.get(f"/products/{product['id']}/passport/access").status_code == 403
