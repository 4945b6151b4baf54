"""Products are shared with a partner in the console: previewed, shared, shown, withdrawn."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import pytest

from console.browser import Visitor, previewed, text_of
from console.conftest import NewVisitor
from harness.answers import JsonObject
from harness.rows import count_rows
from harness.world import World
from network.sharing import SHARED, connection_of, in_category, list_shared, read_shared, share
from products.catalogue import create, published

pytestmark = pytest.mark.usefixtures("without_shares")

DAY = "2127-03-01"


def _editor(world: World) -> str:
    return f"/partners/{connection_of(world)}/share"


def _sent(world: World, editor: Visitor, then: str = "share", **typed: Any) -> httpx.Response:
    return previewed(editor, editor.fill(editor.get(_editor(world)), then=then, **typed))


def _followed(editor: Visitor, answer: httpx.Response) -> str:
    assert answer.status_code == 303, text_of(answer)
    return text_of(editor.get(answer.headers["location"]))


def _previewed(page: httpx.Response) -> list[JsonObject]:
    """The JSON of every product in the preview."""
    return [json.loads(unescape(text)) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page.text, re.S)]


def _shares(world: World) -> int:
    return count_rows(world.server.database, "shares where withdrawn_at is null")


def test_the_preview_is_what_the_partner_reads_after_sharing(world: World, editor: Visitor) -> None:
    code = f"c{uuid4()}"[:20]
    published(world, name="Hex <b>bolt</b>", category=in_category(code))
    published(world, category=in_category(code))
    typed: dict[str, Any] = {
        "type": "CATEGORY", "category": code, "field": ["name", "brand"], "paths": "facility.country\n\nfacility.name",
        "expires": DAY,
    }  # fmt: skip
    page = _sent(world, editor, "preview", **typed)
    assert page.status_code == 200
    assert _shares(world) == 0
    said = "Sees 3 of 16 fields of 2 products in category"
    assert said in text_of(page)
    assert "Hex &lt;b&gt;bolt&lt;/b&gt;" in page.text
    seen = _previewed(page)
    answer = editor.fill(page, _editor(world), then="share")
    assert f"{said} {code}, until 1 March 2127." in _followed(editor, answer)
    assert seen == list_shared(world)
    assert seen[0]["fields"] == ["brand", "facility.country", "facility.name", "name"]


def test_a_form_that_is_sent_twice_shares_once(world: World, editor: Visitor) -> None:
    product = published(world)
    page = editor.get(f"{_editor(world)}?product={product['id']}")
    typed = {"content": "all", "then": "share"}
    first, second = (editor.fill(page, **typed) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"].partition("?")[0] == second.headers["location"].partition("?")[0]
    assert _shares(world) == 1
    assert read_shared(world, product).expect(200).data()["fields"] is None


def test_every_fault_is_at_its_field_and_nothing_typed_is_lost(world: World, editor: Visitor) -> None:
    typed: dict[str, Any] = {
        "product": "NO-SUCH", "category": "43220", "content": "all", "field": ["brand"], "expires": "soon",
        "traceability": "EVENTS", "tiers": "many", "paths": "nonsense",
    }  # fmt: skip
    for then in ("share", "preview"):
        page = _sent(world, editor, then, **typed)
        assert page.status_code == 422
        assert "<title>Error: Share with" in page.text
        wrong = dict(re.findall(r'<p class="wrong" id="e-(\w+)">(.*?)</p>', page.text))
        assert wrong == {
            "product": "None of your products has this SKU, GTIN or id.",
            "category": "Choose “All products of a category”, or clear this.",
            "content": "Clear the fields and paths, or choose “Only these fields”.",
            "expires": "Enter a day such as 2027-06-30.",
            "tiers": "Must be a whole number from 0 to 10.",
        }
        kept = editor.fields(page, _editor(world))
        assert {(name, "brand" if name == "field" else value) for name, value in typed.items()} < set(kept)
    page = _sent(world, editor, type="ALL", product="NO-SUCH", paths="nonsense\nname.x", expires="2020-01-01")
    wrong = dict(re.findall(r'<p class="wrong" id="e-(\w+)">(.*?)</p>', page.text))
    assert wrong == {
        "product": "Choose “One product”, or clear this.",
        "paths": "nonsense: no product has this field. name.x: no product has this field.",
        "expires": "Choose a day in the future.",
    }
    page = _sent(world, editor)
    assert "Enter a SKU, a GTIN or an id." in page.text
    assert "Choose at least one field, or “All fields”." in page.text
    assert _shares(world) == 0


def test_a_product_is_named_by_its_sku_gtin_or_id(world: World, editor: Visitor) -> None:
    product = published(world)
    for name in (product["sku"], product["gtin"], f" {product['id']} "):
        page = _sent(world, editor, "preview", product=name, field=["name"])
        assert [one["id"] for one in _previewed(page)] == [product["id"]]
    body = {"sku": f"S-{uuid4()}", "content": {"name": "Theirs"}}
    theirs = world.api.post("/products", bearer=world.other_owner.access, json=body).expect(201).data()
    for name in (theirs["sku"], theirs["id"]):
        assert "None of your products has this" in _sent(world, editor, "preview", product=name, content="all").text


def test_a_category_that_no_product_has_is_asked_about(world: World, editor: Visitor) -> None:
    code = f"77{uuid4().int % 1_000_000:06d}12"
    mistyped = f"{code[:-2]}21"
    published(world, category=in_category(code) | {"name": "Rain <b>barrels"})
    typed = {"type": "CATEGORY", "category": mistyped, "content": "all"}
    similar = f"{code} (Rain <b>barrels)"
    page = _sent(world, editor, "preview", **typed)
    assert f"None of your products is in category {mistyped}." in text_of(page)
    assert similar in text_of(page)
    assert f'<option value="{code}">' in editor.get(_editor(world)).text
    asked = _sent(world, editor, **typed)
    assert f"Share category {mistyped}" in text_of(asked)
    assert similar in text_of(asked)
    assert _shares(world) == 0
    back = editor.fill(asked, confirm_cancel="yes")
    assert typed.items() <= dict(editor.fields(back, _editor(world))).items()
    assert f"0 products in category {mistyped}" in _followed(editor, editor.fill(asked, sure="yes"))
    assert _shares(world) == 1
    unlike = text_of(_sent(world, editor, "preview", **typed | {"category": "zzz"}))
    assert "None of your products is in category zzz." in unlike
    assert "Similar" not in unlike


def test_a_preview_says_that_other_shares_show_more(world: World, editor: Visitor) -> None:
    product = published(world)
    told = "The preview includes what your other shares show them already."
    assert told not in _sent(world, editor, "preview", product=product["sku"], field=["name"]).text
    share(world, product, fields=["brand"])
    page = _sent(world, editor, "preview", product=product["sku"], field=["name"])
    assert told in page.text
    assert _previewed(page)[0]["fields"] == ["brand", "name"]


def test_a_preview_that_is_too_long_for_an_address_is_shown_all_the_same(world: World, editor: Visitor) -> None:
    product = published(world)
    for length, method in ((10, "GET"), (100, "POST")):
        paths = "\n".join(f"attributes.{number:0{length}d}" for number in range(50))
        page = _sent(world, editor, "preview", product=product["sku"], paths=paths)
        assert page.request.method == method
        assert "Sees 1 of 16 fields of 1 product" in text_of(page)
        assert dict(editor.fields(page, _editor(world)))["paths"] == paths


def test_a_draft_can_be_shared_before_it_is_published(world: World, editor: Visitor) -> None:
    page = _sent(world, editor, "preview", product=create(world)["sku"], content="all")
    assert "1 product that is not published yet" in text_of(page)
    assert "Products are visible once they are published." in text_of(page)


def test_a_share_is_withdrawn_after_a_question(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    product = published(world)
    made = share(world, product, fields=["name", "facility.country"])
    answer = {"status": "REJECTED", "reason": "The <mass> is missing."}
    acknowledged = f"{SHARED}/{product['id']}/acknowledge"
    world.api.post(acknowledged, bearer=world.other_owner.access, json=answer).expect(200)
    here = f"/shares/{made['id']}"
    viewer = new_visitor(world.person("VIEWER"))
    for visitor in (editor, viewer):
        page = text_of(visitor.get(here))
        assert made["summary"] in page
        assert "rejected, version 1 The <mass> is missing." in page
        assert "Facility country" in page
    assert "Withdraw share" not in viewer.get(here).text
    question = editor.fill(editor.get(here))
    assert "immediately stops seeing what only this share shows" in text_of(question)
    read_shared(world, product).expect(200)
    assert "The share is withdrawn. " in _followed(editor, editor.fill(question, here, sure="yes"))
    read_shared(world, product).expect(404, "not_found")
    assert "The share had ended already." in _followed(editor, editor.fill(question, here, sure="yes"))


def test_the_page_of_a_product_says_who_sees_it(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    product = published(world)
    here = f"/products/{product['id']}"
    assert "Who sees this No partner." in text_of(editor.get(here))
    made = share(world, product, fields=["name", "brand"], expiresAt=f"{DAY}T23:59:59Z", versions="ALL")
    answer = {"status": "REVIEW", "reason": "Brand is new to us."}
    acknowledged = f"{SHARED}/{product['id']}/acknowledge"
    world.api.post(acknowledged, bearer=world.other_owner.access, json=answer).expect(200)
    name = world.api.get("/account", bearer=world.other_owner.access).expect(200).data()["name"]
    expected = f"{name} in review, version 1 2 of 16 fields, all versions, until 1 Mar 2127 (UTC) Brand is new to us."
    page = editor.get(here)
    assert expected in text_of(page)
    assert f'href="/shares/{made["id"]}"' in page.text
    chosen = editor.get(f"{here}/share")
    assert f"/partners/{connection_of(world)}/share?product={product['id']}" in unescape(chosen.text)
    viewer = new_visitor(world.person("VIEWER")).get(here)
    assert expected in text_of(viewer)
    assert "Share this product" not in viewer.text


def test_an_ended_connection_has_no_editor(world: World, editor: Visitor) -> None:
    connection = connection_of(world)
    product = published(world)
    page = editor.get(f"{_editor(world)}?product={product['id']}")
    world.api.post(f"/connections/{connection}/revoke", bearer=world.owner.access, json={}).expect(200)
    kept = editor.fill(page, content="all", then="share")
    assert kept.status_code == 409
    assert ("product", product["sku"]) in editor.fields(kept)
    for form in ("share", "ask"):
        assert editor.get(f"/partners/{connection}/{form}").headers["location"] == f"/partners/{connection}"
