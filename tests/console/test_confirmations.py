"""Actions that revoke something ask first, with numbers, and do nothing until they are confirmed."""

from __future__ import annotations

import httpx
import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.clients import get_token, make_client, request_token
from harness.people import sign_in
from harness.rows import count, rows, wait_for_count
from harness.world import World


def test_removing_a_person_asks_first(world: World, owner: Visitor, new_visitor: NewVisitor) -> None:
    person = world.person("ADMIN")
    new_visitor(person)
    session = sign_in(world.api, person)
    for _ in range(3):
        make_client(world.api, session, "products:read")
    page = f"/account/members/{person.user_id}"
    sent = [("csrf", owner.csrf()), ("act", "remove")]
    asked = owner.post(page, sent)
    said = text_of(asked)
    for told in (f"Remove {person.email}?", "2 sessions end now.", "3 OAuth clients that they created keep working.",
                 "To let them return later, disable them instead."):  # fmt: skip
        assert told in said
    still = f"SELECT count(*) FROM users WHERE id = '{person.user_id}'"
    assert count(world.server.database, still) == 1
    assert owner.fill(asked, sure="yes").status_code == 303
    assert count(world.server.database, still) == 0


@pytest.mark.parametrize("fields", [{"act": "remove"}, {"act": "disable"}, {"act": "role", "role": "MEMBER"}], ids=str)
def test_removing_the_last_owner_is_rejected_without_a_question(
    world: World, new_visitor: NewVisitor, fields: dict[str, str]
) -> None:
    person = world.other.owner
    visitor = new_visitor(person)
    page = f"/account/members/{person.user_id}"
    refused = visitor.post(page, [("csrf", visitor.csrf()), *fields.items()])
    assert refused.status_code == 409
    assert "<title>Error: " in refused.text
    assert "The last Owner cannot be demoted, disabled or removed." in text_of(refused)


def test_disabling_a_client_asks_first(world: World, owner: Visitor) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    token = get_token(world.api, oauth)
    world.api.get("/products", bearer=token).expect(200)
    wait_for_count(world.server.database, f"SELECT sum(calls) FROM client_usage WHERE client_id = '{oauth.client_id}'"
                   .replace("sum(calls)", "coalesce(sum(calls), 0)"), 1)  # fmt: skip
    page = f"/account/api-access/{oauth.client_id}"
    asked = owner.fill(owner.get(page), f"{page}/disable")
    assert "It has made 1 API call and requested 1 token since yesterday. Last used just now." in text_of(asked)
    request_token(world.api, oauth).expect(200)
    assert owner.fill(asked, sure="yes").status_code == 303
    request_token(world.api, oauth).expect(401, "invalid_client")


def test_narrowing_scopes_or_ranges_asks_first(world: World, owner: Visitor) -> None:
    oauth = make_client(world.api, world.owner, "products:read products:write")
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.7"), trust_env=False) as http:
        answer = http.post(f"{world.server.url}/api/v1/oauth/token", data=oauth.form)
    token = world.vault.remember("access token", answer.json()["access_token"])
    world.api.post("/products", bearer=token, json={"sku": oauth.client_id, "content": {"name": "x"}}).expect(201)
    used = f"SELECT count(*) FROM client_scope_usage WHERE client_id = '{oauth.client_id}' AND scope = 'products:write'"
    wait_for_count(world.server.database, used, 1)
    wait_for_count(world.server.database, f"SELECT uses FROM client_secrets WHERE id = '{oauth.secret_id}'", 1)
    page = f"/account/api-access/{oauth.client_id}"
    asked = owner.fill(owner.get(page), page, scope=["products:read"], ranges="192.0.2.0/24", name="Narrowed")
    said = text_of(asked)
    assert "products:write was needed 1 time, last just now. Remove it?" in said
    assert "The address that used this client just now, 127.0.0.7, is not in these ranges." in said
    stored = f"SELECT name, scope FROM oauth_clients WHERE id = '{oauth.client_id}'"
    before = rows(world.server.database, stored)
    again = owner.fill(asked, confirm_cancel="yes")
    assert 'value="Narrowed"' in again.text, "the way back has the form filled in"
    assert ">\n192.0.2.0/24</textarea>" in again.text
    assert rows(world.server.database, stored) == before
    assert owner.fill(asked, sure="yes").status_code == 303
    assert rows(world.server.database, stored) == [["Narrowed", "products:read"]]


def test_the_page_of_the_last_owner_says_that_they_must_stay(world: World, new_visitor: NewVisitor) -> None:
    person = world.other.owner
    said = text_of(new_visitor(person).get(f"/account/members/{person.user_id}"))
    assert "Make somebody else an Owner first." in said
    for button in ("Change role", "Disable person", "Remove person…"):
        assert button not in said
