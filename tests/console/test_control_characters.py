"""Control characters pasted into a form, such as Word's vertical tab, lose no input."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from console.test_templates import sources
from harness.clients import make_client
from harness.people import invite, new_email
from harness.world import World
from linkxg.console.product_fields import FIELDS
from network.partners import invite as invite_partner
from network.partners import token_of
from network.recalling import received
from network.sharing import connection_of
from passports.units import issue
from products.catalogue import complete, create, path, published
from scim.provider import end_tokens

PASTED = "First\x0bsecond\x0cthird\x00fourth"
ONE_LINE, LINES = "First second third fourth", "First\nsecond\nthird fourth"
NOTICE = "control characters, which cannot be stored. They were replaced by spaces or line breaks"
LONG = (
    "description", "certificate", "claims", "public_key", "mapping", "ranges", "paths", "purpose", "message", "serials",
)  # fmt: skip
_FIELD = re.compile(r"<(?:input(?![^>]*type=\"(?:hidden|checkbox|radio|file|password)\")|textarea)\b[^>]*>")


def _client(world: World) -> str:
    return f"/account/api-access/{make_client(world.api, world.owner, 'products:read').client_id}"


def _provisioning(world: World) -> tuple[str, str]:
    # With two tokens, which tests before may have left, there is no form.
    end_tokens(world)
    return "/account/provisioning", "/account/provisioning"


def _credentials(kind: str) -> Callable[[World], tuple[str, str]]:
    def place(world: World) -> tuple[str, str]:
        client = _client(world)
        return f"{client}/authentication", f"{client}/{kind}"

    return place


def _notice(world: World) -> tuple[str, str]:
    return (f"/traceability/notices/{received(world)['id']}",) * 2


def _passport_link(world: World) -> tuple[str, str]:
    return (f"{path(published(world))}/passport/link",) * 2


def _passports_of_units(world: World) -> tuple[str, str]:
    return (f"{path(published(world))}/passport/units/new",) * 2


def _unit(world: World) -> tuple[str, str]:
    product = published(world)
    (item,) = issue(world, product, {"serial": "1"}).expect(201).data()
    return (f"{path(product)}/passport/units/{item['id']}",) * 2


def _subscription(world: World) -> tuple[str, str]:
    body = {"name": f"q-{uuid4()}", "query": {}}
    world.api.post("/epcis/queries", bearer=world.owner.access, json=body).expect(201)
    return ("/events/subscriptions/new",) * 2


Place = Callable[[World], tuple[str, str]]
"""The page of a form, and its action."""
FORMS: dict[str, tuple[Place, tuple[str, ...]]] = {
    "new client": (lambda w: ("/account/api-access/new",) * 2, ("name", "ranges", "expires", "resource")),
    "client": (lambda w: (_client(w),) * 2, ("name", "ranges")),
    "client key": (_credentials("keys"), ("key_name", "public_key", "jwks_uri")),
    "client workload": (_credentials("trusts"), ("trust_name", "issuer", "audience", "claims")),
    "client certificate": (_credentials("certificates"), ("certificate_name", "certificate")),
    "invitation": (lambda w: ("/account/members",) * 2, ("email",)),
    "profile": (lambda w: ("/account/profile",) * 2, ("name",)),
    "SCIM token": (_provisioning, ("name", "expires")),
    "new product": (lambda w: ("/products/new",) * 2, ("name", "sku", "gtin")),
    "product": (lambda w: (path(create(w)),) * 2, tuple(
        field.name for field in FIELDS if field.name not in ("sku", "gtin"))),
    "publish": (lambda w: ((at := path(create(w, **complete()))) + "/review", at + "/publish"), ("changeNote",)),
    "withdraw": (lambda w: ((at := path(published(w))) + "/versions/1", at + "/versions/1/withdraw"), ("reason",)),
    "single sign-on": (lambda w: ("/account/single-sign-on",) * 2, (
        "issuer", "client_id", "role_claim", "mapping")),
    "domain": (lambda w: ("/account/single-sign-on", "/account/single-sign-on/domains"), ("domain",)),
    "invite a company": (lambda w: ("/partners",) * 2, ("invitee", "message")),
    "share": (lambda w: (f"/partners/{connection_of(w)}/share",) * 2, (
        "product", "category", "paths", "tiers", "expires")),
    "sign-in rules": (lambda w: ("/account/sign-in-rules",) * 2, ("since", "minutes")),
    "notice": (_notice, ("note",)),
    "named query": (lambda w: ("/events/queries",) * 2, ("name",)),
    "subscription": (_subscription, ("dest", "since")),
    "link to a passport": (_passport_link, ("lot", "serial", "recipient", "purpose", "expires")),
    "passports of items": (_passports_of_units, ("lot", "serials", "productionDate", "expiryDate")),
    "withdrawn item": (_unit, ("reason",)),
    "request": (lambda w: (f"/partners/{connection_of(w)}/ask",) * 2, ("subject", "purpose")),
}  # fmt: skip
QUERIES: dict[str, tuple[Place, tuple[str, ...]]] = {
    "labels": (lambda w: ((at := f"{path(published(w))}/passport"), f"{at}/labels"), ("lot", "serials")),
}
"""Forms of method GET, which come back with errors."""
SEARCHES = (
    "/products?q=", "/account/api-access?q=",
    "/traceability?q=", "/traceability?day=", "/traceability/recalls/new?items=",
)  # fmt: skip


def _followed(visitor: Visitor, answer: httpx.Response) -> httpx.Response:
    return visitor.get(answer.headers["location"]) if answer.status_code == 303 else answer


@pytest.mark.parametrize("name", FORMS)
def test_a_form_keeps_everything_and_says_what_was_replaced(world: World, editor: Visitor, name: str) -> None:
    place, fields = FORMS[name]
    page, action = place(world)
    form = editor.get(page)
    answer = editor.fill(form, action, **dict.fromkeys(fields, PASTED))
    assert answer.status_code in (200, 303, 400, 409, 422), text_of(answer)
    shown = _followed(editor, answer)
    assert NOTICE in text_of(shown)
    if answer.status_code == 303:
        assert "<title>Error" not in shown.text
        return
    assert "<title>Error: " in shown.text
    kept = dict(editor.fields(shown, action, holding=fields[0]))
    for field in fields:
        assert kept[field] == (LINES if field in LONG else ONE_LINE), field


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_keeps_everything_and_says_what_was_replaced(world: World, editor: Visitor, name: str) -> None:
    place, fields = QUERIES[name]
    page, action = place(world)
    answer = editor.ask(editor.get(page), action, **dict.fromkeys(fields, PASTED))
    assert answer.status_code == 400, text_of(answer)
    assert NOTICE in text_of(answer)
    assert "<title>Error: " in answer.text
    kept = dict(editor.fields(answer, action, method="get"))
    for field in fields:
        assert kept[field] == (LINES if field in LONG else ONE_LINE), field


def test_a_text_pasted_from_a_word_processor_is_saved(world: World, editor: Visitor) -> None:
    made = create(world)
    shown = _followed(editor, editor.fill(editor.get(path(made)), path(made), name=PASTED, description=PASTED))
    assert NOTICE in text_of(shown)
    kept = dict(editor.fields(shown, path(made)))
    assert (kept["name"], kept["description"]) == (ONE_LINE, LINES)
    assert NOTICE not in text_of(editor.get(path(made))), "said once"


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_reports_replaced_control_characters(editor: Visitor, search: str) -> None:
    found = editor.get(f"{search}%0B")
    assert found.status_code == 200
    assert NOTICE in text_of(found)


def test_the_name_of_an_invited_company_keeps_its_words(world: World, new_visitor: NewVisitor) -> None:
    link = f"/connections/invitations/{token_of(invite_partner(world, world.owner, inviteeEmail=new_email()))}"
    joining = new_visitor()
    answer = joining.fill(joining.get(link), accountName=PASTED, password="short")
    assert answer.status_code == 422
    assert dict(joining.fields(answer))["accountName"] == ONE_LINE


def test_passwords_are_refused_at_their_field(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("MEMBER")
    visitor = new_visitor()
    form = visitor.get("/sign-in")
    refused = visitor.fill(form, "/sign-in", email=person.email, password=f"{person.password}\x00")
    assert refused.status_code == 401
    assert dict(visitor.fields(refused, "/sign-in"))["email"] == person.email
    assert visitor.sign_in(person).status_code == 303
    page = "/account/password"
    for field in ("new_password", "current_password"):
        sent = {"current_password": person.password, "new_password": "a long enough pass phrase"}
        answer = visitor.fill(visitor.get(page), page, **sent | {field: sent[field] + "\x0b"})
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
        assert f'id="e-{field}"' in answer.text
    link = f"/invitations/{invite(world.api, world.owner, 'VIEWER')[1]}"
    joining = new_visitor()
    answer = joining.fill(joining.get(link), password="a long enough\x0bpass phrase")
    assert answer.status_code == 422
    assert 'id="e-password"' in answer.text


def test_control_characters_are_replaced_in_every_text_field() -> None:
    """A new field has to be tried as well."""
    swept = {field for _, fields in (FORMS | QUERIES).values() for field in fields} | {
        "email",
        "new_email",
        "q",
        "accountName",
    }
    # The days of a search: tests/console/test_events.py.
    swept |= {"from", "to"}
    # A code is never altered, but refused: tests/console/test_second_step.py.
    swept.add("code")
    # Of searches, and of a form that asks before it acts: tests/console/test_recall_pages.py.
    swept |= {"day", "instructions", "items"}
    for name, source in sources().items():
        for field in _FIELD.findall(source):
            found = re.search(r'\bname="([^"{]+)"', field)
            assert found is None or found[1] in swept, (name, field)
