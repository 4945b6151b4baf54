"""A form posted after its session ended: no input is lost, and no other person's is applied. Security rule L11."""

from __future__ import annotations

import re
import sqlite3

import pytest

from architecture.program import SOURCE
from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.clients import make_client
from harness.people import Person, invite
from harness.rows import rows
from harness.world import World
from linkxg.console.carried_forms import CARRIED, holds_input
from linkxg.console.page_forms import SECRET_FIELDS

IDLE = "You were signed out after 30 minutes without use."
KEPT = "Sign in, and your input is saved."
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)"')
_FILLED_IN = re.compile(r'<select|<textarea|<input(?! type="hidden")|\{\{ *m\.(?!csrf)')


def end_sessions(world: World, person: Person, *, by: str = "refresh_expires_at = 1") -> None:
    with sqlite3.connect(world.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        connection.execute(f"UPDATE sessions SET {by} WHERE kind = 'console' AND user_id = '{person.user_id}'")


def test_a_form_is_saved_after_sign_in(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    page = f"/account/api-access/{make_client(world.api, world.owner, 'products:read').client_id}"
    form = visitor.get(page)
    end_sessions(world, person)
    asked = visitor.fill(form, page, name="Typed for half an hour")
    assert asked.status_code == 200
    assert IDLE in text_of(asked)
    assert KEPT in text_of(asked)
    wrong = visitor.fill(asked, "/sign-in", email=person.email, password="not the password")
    assert wrong.status_code == 401
    assert "<title>Error: Sign in" in wrong.text
    answer = visitor.fill(wrong, "/sign-in", email=person.email, password=person.password)
    assert answer.status_code == 303, text_of(answer)
    saved = visitor.get(answer.headers["location"])
    assert "Saved. Name changed." in text_of(saved)
    assert "<title>Saved · Typed for half an hour" in saved.text


def test_a_destructive_button_is_not_pressed_by_signing_in(world: World, visit: tuple[Person, Visitor]) -> None:
    """Signing in deleted the client, under the words that what was typed is saved."""
    person, visitor = visit
    client = make_client(world.api, world.owner, "products:read")
    page = f"/account/api-access/{client.client_id}"
    sure = visitor.get(f"{page}/delete")
    end_sessions(world, person)
    asked = visitor.fill(sure, f"{page}/delete")
    assert asked.status_code == 303
    asked = visitor.get(asked.headers["location"])
    assert KEPT not in text_of(asked)
    visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert visitor.get(page).status_code == 200, "the client is still there"


def test_no_button_of_another_page_is_pressed_by_signing_in(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    other = world.person("MEMBER")
    client = make_client(world.api, world.owner, "products:read")
    buttons = {
        f"/account/members/{other.user_id}": {"act": "disable"},
        f"/account/api-access/{client.client_id}/rotate": {"key": "pressed", "mode": "compromised"},
        f"/account/api-access/{client.client_id}/least-scope": {"remove": "products:read"},
    }
    token = dict(visitor.fields(visitor.get("/products"), "/sign-out"))["csrf"]
    end_sessions(world, person)
    for page, fields in buttons.items():
        asked = visitor.http.post(
            page,
            data={"csrf": token, **fields},
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        )
        assert asked.status_code == 303, page
        assert asked.headers["location"].startswith("/sign-in"), page


def test_a_confirmation_is_asked_again_after_sign_in(world: World, visit: tuple[Person, Visitor]) -> None:
    """Its answer is not carried; what was typed before it is."""
    person, visitor = visit
    client = make_client(world.api, world.owner, "products:read products:write")
    page = f"/account/api-access/{client.client_id}"
    question = visitor.fill(visitor.get(page), page, scope=["products:read"])
    assert 'name="sure"' in question.text
    end_sessions(world, person)
    asked = visitor.fill(question, page)
    assert KEPT in text_of(asked)
    answer = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert 'name="sure"' in answer.text
    found = world.api.get(f"/oauth/clients/{client.client_id}", bearer=world.owner.access).expect(200).object()
    assert found["scope"] == "products:read products:write"


def test_an_invalid_form_comes_back_filled_in(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    form = visitor.get("/account/api-access/new")
    end_sessions(world, person)
    asked = visitor.fill(form, "/account/api-access/new", name="No scope yet", ranges="10.0.0.1/8")
    answer = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert answer.status_code == 422
    assert 'value="No scope yet"' in answer.text
    assert "Line 1, 10.0.0.1/8: enter 10.0.0.0/8 for the whole range, or 10.0.0.1 for this address alone." in text_of(
        answer
    )
    made = visitor.fill(answer, "/account/api-access/new", scope=["products:read"], ranges="10.0.0.0/8")
    assert "Copy this secret now" in text_of(made), "the form that came back is one of the new session"
    found = re.search(r"lxgsec_[0-9A-Za-z]+", made.text)
    assert found is not None
    world.vault.remember("client secret", found[0])


def test_a_long_form_survives_sign_in(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    form = visitor.get("/account/api-access/new")
    end_sessions(world, person)
    ranges = "\n".join(f"2001:db8:{number:x}::/48" for number in range(2_000))
    asked = visitor.fill(form, "/account/api-access/new", name="Long", scope=["products:read"], ranges=ranges)
    answer = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert answer.status_code == 422
    assert "Enter at most 32 address ranges; there are 2000." in text_of(answer)
    assert ">\n2001:db8:0::/48" in answer.text


def test_a_form_is_not_saved_by_another_person(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    oauth = make_client(world.api, world.owner, "products:read", client_name="Untouched")
    page = f"/account/api-access/{oauth.client_id}"
    form = visitor.get(page)
    end_sessions(world, person)
    asked = visitor.fill(form, page, name="Typed by somebody else")
    other = world.person("OWNER")
    answer = visitor.fill(asked, "/sign-in", email=other.email, password=other.password)
    assert answer.status_code == 303
    assert "somebody else had entered it" in text_of(visitor.get(answer.headers["location"]))
    assert "Untouched" in visitor.get(page).text


def test_a_forged_or_foreign_form_is_not_carried(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    csrf = visitor.csrf()
    end_sessions(world, person)
    fields = [("csrf", csrf), ("email", "planted@example.test"), ("role", "OWNER")]
    foreign = visitor.post("/account/members", fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert visitor.post("/account/members", [("csrf", "0" * 64), *fields[1:]]).status_code == 403
    asked = visitor.post("/account/members", fields)
    sealed = dict(visitor.fields(asked, "/sign-in"))["carried"]
    forged = sealed[:-8] + ("A" * 8 if not sealed.endswith("A" * 8) else "B" * 8)
    answer = visitor.fill(asked, "/sign-in", email=person.email, password=person.password, carried=forged)
    assert answer.status_code == 303
    planted = rows(world.server.database, "SELECT email FROM invitations WHERE email = 'planted@example.test'")
    assert not planted


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/password", [("current_password", "old secret words"), ("new_password", "new secret words")]),
        ("/account/api-access/CLIENT/test", [("client_secret", "lxgsec_notreally")]),
    ],
)
def test_passwords_and_secrets_are_not_carried(
    world: World, visit: tuple[Person, Visitor], path: str, fields: list[tuple[str, str]]
) -> None:
    person, visitor = visit
    csrf = visitor.csrf()
    end_sessions(world, person)
    asked = visitor.post(path.replace("CLIENT", world.oauth.client_id), [("csrf", csrf), *fields])
    assert asked.status_code == 200
    assert 'name="carried"' not in asked.text
    assert "could not be kept" in text_of(asked)
    assert not any(value in asked.text for _, value in fields)


def test_an_upload_form_keeps_its_options(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    csrf = visitor.csrf("/imports")
    end_sessions(world, person)
    answer = visitor.http.post(
        "/imports",
        data={"csrf": csrf, "mode": "update", "key": "gtin", "onError": "rollback", "dryRun": "true"},
        files={"file": ("winter.csv", b"sku,name\nL-1,Lamp\n" * 20_000, "text/csv")},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )
    assert answer.status_code == 303
    asked = visitor.get(answer.headers["location"])
    assert "choose the file again" in text_of(asked)
    inside = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    page = visitor.get(inside.headers["location"])
    assert "Choose the file again; your other choices are kept." in text_of(page)
    for chosen in (
        '<option value="update" selected>',
        '<option value="gtin" selected>',
        'name="dryRun" value="true" checked',
    ):
        assert chosen in page.text


def test_sign_in_explains_why_the_session_ended(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    end_sessions(world, person)
    assert IDLE in text_of(visitor.get(visitor.get("/account/sessions").headers["location"]))
    end_sessions(world, person, by="ended_at = 1, end_reason = 'ended by its person'")
    visitor.http.cookies.delete("linkxg-told")
    assert "You were signed out because you ended this session from another one." in text_of(visitor.get("/sign-in"))


def test_two_windows_of_sign_in_and_invitation_both_work(world: World, new_visitor: NewVisitor) -> None:
    person, visitor = world.person("MEMBER"), new_visitor()
    first, second = visitor.get("/sign-in"), visitor.get("/sign-in")
    for form in (first, second):
        answer = visitor.fill(form, "/sign-in", email=person.email, password=person.password)
        assert answer.status_code == 303, text_of(answer)
    joining = new_visitor()
    links = [f"/invitations/{invite(world.api, world.owner, 'VIEWER')[1]}" for _ in range(2)]
    for form in [joining.get(link) for link in links]:
        answer = joining.fill(form, password="a long enough pass phrase")
        assert answer.status_code == 303, text_of(answer)


def test_cancelling_reauthentication_restores_the_form(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    form = visitor.get("/account/api-access/new")
    end_sessions(world, person, by="authenticated_at = 1")
    sent = {"name": "Half done", "scope": ["products:read"], "ranges": "192.0.2.0/24"}
    asked = visitor.fill(form, "/account/api-access/new", **sent)
    assert "Confirm it is you — create the client" in text_of(asked)
    again = visitor.fill(asked, confirm_cancel="yes")
    for kept in ('value="Half done"', 'value="products:read" checked', ">\n192.0.2.0/24</textarea>"):
        assert kept in again.text
    end_sessions(world, person, by="authenticated_at = last_used_at")
    assert visitor.fill(asked, confirm_cancel="yes").status_code == 200, "cancelled is cancelled"
    assert not rows(world.server.database, "SELECT id FROM oauth_clients WHERE name = 'Half done'")


def test_querying_the_remaining_session_time_extends_the_session(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    end_sessions(
        world, person, by="refresh_expires_at = refresh_expires_at - 1700000, last_used_at = last_used_at - 1700000"
    )
    left = visitor.get("/account/sessions/left")
    assert left.headers["content-type"].startswith("text/plain")
    assert 1_700 <= int(left.text) <= 1_800
    end_sessions(world, person, by="refresh_expires_at = refresh_expires_at - 1700000")
    assert visitor.get("/account/sessions").status_code == 200


def test_a_form_of_hidden_fields_alone_holds_no_input() -> None:
    """Else signing in again presses its button."""
    pages = [page.read_text() for page in (SOURCE / "console/templates").glob("*.html")]
    forms = [form for page in pages for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL)]
    hidden = {name for form in forms if not _FILLED_IN.search(form) for name in _HIDDEN.findall(form)}
    assert len(hidden) > 5
    # A form that is carried on is input itself.
    assert {name for name in hidden - SECRET_FIELDS - {CARRIED} if holds_input([(name, "1")])} == set()
