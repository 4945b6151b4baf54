"""A rate-limited form keeps its input, and rejections caused by the console are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor, secret_in, text_of
from console.test_carried_forms import end_sessions
from harness.clients import make_client, request_token
from harness.people import new_email
from harness.rows import wait_for_count
from harness.world import World, build_world
from linkxg.network.shares.create_share import SHARES
from network.recalling import shipped
from network.sharing import connection_of, post_share

_homes = (f"127.0.0.{number}" for number in range(41, 60))
LOGIN = "/api/v1/auth/login"


@pytest.fixture(scope="module")
def scarce(new_server: ServerFactory) -> Iterator[World]:
    """A server with a twentieth of every budget: they are counted alike on both engines."""
    yield from checked_for_leaks(build_world(new_server("sqlite", LINKXG_LIMIT_SCALE="0.05")))


@pytest.fixture
def visitor(scarce: World) -> Iterator[Visitor]:
    """A browser at an address of its own, signed in as the Owner."""
    visitor = Visitor(scarce.server.url, scarce.vault)
    visitor.http = httpx.Client(
        base_url=scarce.server.url, transport=httpx.HTTPTransport(local_address=next(_homes)), trust_env=False
    )
    answer = visitor.sign_in(scarce.account.owner)
    assert answer.status_code == 303, text_of(answer)
    yield visitor
    scarce.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    visitor.close()


def test_sign_in_keeps_the_carried_form_when_the_address_has_spent_its_budget(scarce: World, visitor: Visitor) -> None:
    owner = scarce.account.owner
    page = f"/account/api-access/{make_client(scarce.api, scarce.owner, 'products:read').client_id}"
    form = visitor.get(page)
    end_sessions(scarce, owner)
    asked = visitor.fill(form, page, name="Typed for half an hour")
    carried = dict(visitor.fields(asked, "/sign-in"))["carried"]
    _spend_logins(visitor)
    refused = visitor.fill(asked, "/sign-in", email=owner.email, password=owner.password)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "ratelimit" in refused.headers
    assert "Too many attempts. Wait" in text_of(refused)
    fields = dict(visitor.fields(refused, "/sign-in"))
    assert (fields["carried"], fields["email"]) == (carried, owner.email)
    assert owner.password not in refused.text


def _spend_logins(visitor: Visitor) -> None:
    for _ in range(8):
        body = {"email": new_email(), "password": "none that anybody has"}
        if visitor.http.post(LOGIN, json=body).status_code == 429:
            return
    raise AssertionError("the budget of sign-ins has no end")


def test_a_recall_beyond_the_budget_keeps_its_words(scarce: World, visitor: Visitor) -> None:
    item = shipped(scarce)
    form = visitor.get(f"/traceability/recalls/new?items={quote(item.uri, safe='')}")
    typed = {"reason": "The dye exceeds its limit.", "instructions": "Stop the sale."}
    # A twentieth of 120 in an hour.
    for _ in range(7):
        answer = visitor.fill(form, "/traceability/recalls/new", sure="yes", key=str(uuid4()), **typed)
        if answer.status_code != 303:
            break
    assert answer.status_code == 429
    assert "Wait " in text_of(answer)
    assert typed.items() <= dict(visitor.fields(answer, "/traceability/recalls/new", holding="reason")).items()


def test_an_invitation_beyond_the_budget_keeps_the_address(scarce: World, visitor: Visitor) -> None:
    form = visitor.get("/account/members")
    for _ in range(12):
        email = new_email()
        answer = visitor.fill(form, "/account/members", email=email, role="VIEWER")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert "<title>Error: " in answer.text
    fields = dict(visitor.fields(answer, "/account/members"))
    assert (fields["email"], fields["role"]) == (email, "VIEWER")


def test_a_share_beyond_the_budget_keeps_what_was_typed(scarce: World, visitor: Visitor) -> None:
    for _ in range(SHARES.amount // 20 + 1):
        answer = post_share(scarce, type="NONE")
    answer.expect(429, "rate_limit_exceeded")
    editor = f"/partners/{connection_of(scarce)}/share"
    typed = {"type": "CATEGORY", "category": "5208", "content": "all", "then": "share", "sure": "yes"}
    refused = visitor.fill(visitor.get(editor), editor, **typed)
    assert refused.status_code == 429
    assert "Wait" in text_of(refused)
    assert dict(visitor.fields(refused, editor))["category"] == "5208"


def test_a_console_test_that_the_token_endpoint_refuses_is_recorded(scarce: World, visitor: Visitor) -> None:
    oauth = make_client(scarce.api, scarce.owner, "products:read")
    path = f"/account/api-access/{oauth.client_id}"
    made = visitor.fill(visitor.get(f"{path}/rotate"), f"{path}/rotate")
    secret_in(made, scarce.vault)
    for _ in range(40):
        if request_token(scarce.api, oauth).status == 429:
            break
    tried = visitor.fill(made, f"{path}/test")
    assert "It was refused." in text_of(tried)
    assert "429" in text_of(tried)
    where = f"client_id = '{oauth.client_id}' AND endpoint LIKE '%tested in the console'"
    wait_for_count(scarce.server.database, f"SELECT count(*) FROM refused_requests WHERE {where}", 1)
