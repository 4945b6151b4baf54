"""The inbox of requests: partners ask, the account approves with a share or declines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from console.browser import Visitor, previewed, text_of
from console.conftest import NewVisitor
from harness.rows import count_rows, execute
from harness.world import World
from network.connected import ITEM, decide, read, send, sent
from network.partners import account, new_account
from network.sharing import connection_of, end_shares, read_shared, share
from products.catalogue import new_gtin, published

pytestmark = pytest.mark.usefixtures("without_shares")


def _path(request: Any) -> str:
    return f"/requests/{request['id']}"


def _answered(editor: Visitor, request: Any, **typed: Any) -> httpx.Response:
    """The form of the page, sent by the button `then`."""
    page = editor.get(_path(request))
    fields = [pair for pair in editor.fields(page) if pair[0] not in typed]
    for name, value in typed.items():
        fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
    return editor.post(_path(request), fields)


def _followed(editor: Visitor, answer: httpx.Response) -> str:
    assert answer.status_code == 303, text_of(answer)
    return text_of(editor.get(answer.headers["location"]))


def test_a_request_is_approved_after_a_preview(world: World, editor: Visitor) -> None:
    product = published(world)
    request = sent(world, gtin=product["gtin"], purpose="For our <label>.")
    inbox = editor.get("/requests")
    assert "Waiting for your answer" in text_of(inbox)
    assert "For our &lt;label&gt;." in inbox.text
    page = editor.get(_path(request))
    filled = dict(editor.fields(page))
    end = datetime.now(UTC).date() + timedelta(days=90)
    assert (filled["product"], filled["expires"]) == (product["sku"], end.isoformat())
    typed: dict[str, Any] = {"field": ["name"], "then": "preview"}
    page = previewed(editor, _answered(editor, request, **typed))
    assert f"Sees 1 of 16 fields of 1 product, no supplier names, until {end.day} {end:%B %Y}." in text_of(page)
    read_shared(world, product).expect(404, "not_found")
    sent_twice = [editor.fill(page, then="approve") for _ in range(2)]
    assert [answer.headers["location"] for answer in sent_twice][:1] * 2 == [
        answer.headers["location"] for answer in sent_twice
    ]
    assert "Approved: " in _followed(editor, sent_twice[0])
    assert read_shared(world, product).expect(200).data()["content"] == {"name": product["content"]["name"]}
    assert read(world, world.other_owner, request).data()["status"] == "APPROVED"
    assert "What they see" in text_of(editor.get(_path(request)))


def test_an_approved_request_leads_to_the_product(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    product = published(world)
    request = sent(world, gtin=product["gtin"])
    asker = new_visitor(world.other.owner)
    assert product["id"] not in asker.get(_path(request)).text
    approved = _answered(editor, request, then="approve", content="all", expires="2127-03-01")
    assert approved.status_code == 303
    page = asker.get(_path(request))
    assert f'href="/shared/{product["id"]}"' in page.text
    assert f"{product['sku']} until 1 Mar 2127" in text_of(page)
    end_shares(world)
    page = asker.get(_path(request))
    assert "The share has ended." in text_of(page)
    assert f'href="/shared/{product["id"]}"' not in page.text


def test_the_roles_of_a_share_in_passports_are_shown(world: World, editor: Visitor) -> None:
    """They had no effect once, and the pages said so."""
    share_page = f"/shares/{share(world, passportRoles=['authority'], fields=['name'])['id']}"
    assert "Restricted data of passports Authority" in text_of(editor.get(share_page))
    connection = connection_of(world)
    for path in (share_page, f"/partners/{connection}/share", f"/partners/{connection}/ask"):
        assert "not served" not in text_of(editor.get(path)), path


def test_an_approval_needs_a_product_fields_and_an_end(world: World, editor: Visitor) -> None:
    request = sent(world, type="TRACE", gtin=new_gtin())
    page = editor.get(_path(request))
    assert "The request names none of your products." in text_of(page)
    assert ("traceability", "EVENTS") in editor.fields(page)
    page = _answered(editor, request, then="approve", expires="")
    assert page.status_code == 422
    assert dict(re.findall(r'<p class="wrong" id="e-(\w+)">(.*?)</p>', page.text)) == {
        "product": "Enter a SKU, a GTIN or an id.",
        "content": "Choose at least one field, or “All fields”.",
        "expires": "Choose the day on which the share ends.",
    }
    page = _answered(editor, request, then="approve", expires="2020-01-01", product="NO-SUCH", content="all")
    assert "Choose a day in the future." in page.text
    product = published(world)
    approved = _answered(editor, request, then="approve", product=product["sku"], content="all")
    assert "all fields of 1 product, with events, until" in _followed(editor, approved)
    read_shared(world, product).expect(200)


def test_a_request_is_declined_with_a_reason(world: World, editor: Visitor) -> None:
    request = sent(world, item=ITEM)
    page = _answered(editor, request, then="decline", reason="x" * 501)
    assert page.status_code == 422
    assert "At most 500 characters." in page.text
    declined = _answered(editor, request, then="decline", reason="We do not disclose this.")
    assert "is declined." in _followed(editor, declined)
    told = read(world, world.other_owner, request).data()
    assert (told["status"], told["reason"]) == ("DECLINED", "We do not disclose this.")
    again = editor.fill(page, then="approve", content="all")
    assert again.status_code in (409, 422)
    listed = text_of(editor.get("/requests?show=incoming"))
    assert "declined" in listed


def test_a_rejected_answer_keeps_what_was_typed_in_both_parts(world: World, editor: Visitor) -> None:
    request = sent(world, gtin=new_gtin())
    typed: dict[str, Any] = {
        "product": "NO-SUCH",
        "field": ["brand"],
        "paths": "materials.name",
        "expires": "2099-01-01",
    }
    for then, reason in (("decline", "x" * 501), ("approve", "We do not disclose this.")):
        page = _answered(editor, request, then=then, reason=reason, **typed)
        assert page.status_code == 422, then
        kept = dict(editor.fields(page))
        assert {name: kept[name] for name in ("product", "field", "paths", "expires")} == typed | {"field": "brand"}, (
            then
        )
        assert kept["reason"] == reason, then
    assert editor.fill(page, then="nothing").status_code == 400
    assert read(world, world.owner, request).data()["status"] == "PENDING"


def test_an_approval_beyond_the_limit_of_shares_says_so(world: World, editor: Visitor) -> None:
    product = published(world)
    request = sent(world, gtin=product["gtin"])
    for _ in range(10):
        share(world, product)
    page = _answered(editor, request, then="approve", content="all")
    assert page.status_code == 409
    assert "At most 10 shares of the same products with one partner can be active." in text_of(page)
    assert ("content", "all") in editor.fields(page)
    terms = {"expiresAt": "2099-01-01T00:00:00Z"}
    decide(world, world.owner, request, "approve", json=terms).expect(409, "conflict")
    assert read(world, world.owner, request).data()["status"] == "PENDING"


def test_a_request_that_was_decided_meanwhile_is_shown_as_it_is(world: World, editor: Visitor) -> None:
    product = published(world)
    request = sent(world, gtin=product["gtin"])
    page = editor.get(_path(request))
    decide(world, world.owner, request, "decline").expect(200)
    late = editor.fill(page, then="approve", content="all")
    assert late.status_code == 409
    assert "The request has been decided or cancelled." in text_of(late)
    assert "declined" in text_of(editor.get(_path(request)))


def test_a_partner_is_asked_and_the_request_cancelled(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    connection = connection_of(world)
    here = f"/partners/{connection}/ask"
    page = editor.fill(editor.get(here))
    assert page.status_code == 422
    assert "Enter what you ask for." in page.text
    assert "Say what it is needed for." in page.text
    gtin = new_gtin()
    kept = editor.fill(page, subject="4006381333932", purpose="For our label.")
    assert "check digit" in kept.text
    assert ("purpose", "For our label.") in editor.fields(kept)
    before = count_rows(world.server.database, "share_requests")
    answers = [editor.fill(kept, subject=f"{gtin[:6]} {gtin[6:]}", type="DPP") for _ in range(2)]
    assert count_rows(world.server.database, "share_requests") == before + 1
    where = answers[0].headers["location"]
    assert "You are not told whether they have the product." in text_of(editor.get(where))
    for subject in (ITEM, "urn:epc:id:sgtin:9520000.000217.7", "01a20900-46b1-7977-8501-b67e3b66cab2"):
        assert editor.fill(editor.get(here), subject=subject, purpose="For our label.").status_code == 303
    path = where.partition("?")[0]
    viewer = new_visitor(world.person("VIEWER"))
    assert "Cancel request" not in viewer.get(path).text
    assert "waits for their answer" in text_of(viewer.get("/requests"))
    assert "The request is cancelled." in _followed(editor, editor.fill(editor.get(path), then="cancel"))
    assert "cancelled" in text_of(editor.get("/requests?show=outgoing"))
    theirs = new_visitor(world.other.owner)
    assert "cancelled" in text_of(theirs.get(path))


def test_somebody_who_may_not_decide_sees_no_form(world: World, new_visitor: NewVisitor) -> None:
    request = send(world, world.other_owner, connection_of(world), gtin=new_gtin()).expect(201).data()
    member = new_visitor(world.person("MEMBER"))
    page = member.get(_path(request))
    assert "For our label." in text_of(page)
    assert f'action="{_path(request)}"' not in page.text


def test_all_requests_are_offered_only_if_there_are_more(world: World, new_visitor: NewVisitor) -> None:
    session = new_account(world)
    visitor, account_id = new_visitor(session.person), account(world, session)["id"]
    columns = "account_id, id, requester_id, connection_id, type, subject, purpose, status, created_at"

    def insert(first: int, last: int) -> None:
        execute(
            world.server.database,
            f"insert into share_requests ({columns}) with recursive numbers(n) as "
            f"(select {first} union all select n + 1 from numbers where n < {last}) "
            f"select '{world.account.account_id}', 'own-' || n || '-{account_id[:20]}', '{account_id}', '-', "
            "'PRODUCT', 'gtin:09520000002176', 'For our label.', 'CANCELLED', 1 from numbers",
        )

    try:
        insert(1, 50)
        assert "All your requests" not in text_of(visitor.get("/requests"))
        insert(51, 51)
        assert "All your requests" in text_of(visitor.get("/requests"))
    finally:
        execute(world.server.database, f"delete from share_requests where requester_id = '{account_id}'")
