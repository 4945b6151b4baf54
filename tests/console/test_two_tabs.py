"""Input in one tab survives signing out, or in again, in another one. Security rule L11."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from console.browser import Visitor, text_of
from harness.clients import make_client
from harness.people import Person
from harness.rows import rows
from harness.world import World

SIGNED_OUT = "You signed out in another window. Sign in, and your input is saved."
FORMS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "create": ("/account/api-access/new", "/account/api-access/new",
               {"name": "Two windows", "scope": ["products:read"]}, "Copy this secret now"),
    "settings": ("/account/api-access/CLIENT", "/account/api-access/CLIENT",
                 {"name": "Renamed in two windows"}, "Saved. Name changed."),
    "rotate": ("/account/api-access/CLIENT/rotate", "/account/api-access/CLIENT/rotate",
               {"mode": "planned", "overlap": "3600"}, "Copy this secret now"),
    "invite": ("/account/members", "/account/members", {"email": "MAIL", "role": "VIEWER"}, "MAIL is invited."),
    "product": ("/products/new", "/products/new", {"name": "Lamp", "sku": "SKU"}, "Lamp"),
}  # fmt: skip
"""Page, form, what is typed, and what the page says once it is done."""


def sign_out(visitor: Visitor) -> None:
    assert visitor.post("/sign-out", [("csrf", visitor.csrf())]).headers["location"] == "/sign-in?done=signed-out"


def open_form(world: World, visitor: Visitor, kind: str) -> tuple[httpx.Response, str, dict[str, Any], str]:
    page, action, typed, done = FORMS[kind]
    unique = world.person("VIEWER").email.replace("@", "+two@")
    client_id = make_client(world.api, world.owner, "products:read").client_id if "CLIENT" in page else ""
    values = {"CLIENT": client_id, "MAIL": unique, "SKU": unique.partition("@")[0]}

    def filled(text: str) -> str:
        return re.sub("CLIENT|MAIL|SKU", lambda found: values[found[0]], text)

    typed = {name: filled(value) if isinstance(value, str) else value for name, value in typed.items()}
    return visitor.get(filled(page)), filled(action), typed, filled(done)


def settle(world: World, visitor: Visitor, answer: httpx.Response) -> httpx.Response:
    """The page that follows; a secret on it is remembered."""
    page = visitor.get(answer.headers["location"]) if answer.status_code == 303 else answer
    for found in re.findall(r"lxgsec_[0-9A-Za-z]+", page.text):
        world.vault.remember("client secret", found)
    return page


@pytest.mark.parametrize("kind", FORMS)
def test_signing_out_in_another_window_loses_nothing(world: World, visit: tuple[Person, Visitor], kind: str) -> None:
    person, visitor = visit
    form, action, typed, done = open_form(world, visitor, kind)
    sign_out(visitor)
    asked = visitor.fill(form, action, **typed)
    assert asked.status_code == 200
    assert SIGNED_OUT in text_of(asked)
    answer = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert done in text_of(settle(world, visitor, answer))


@pytest.mark.parametrize("kind", FORMS)
def test_signing_in_again_in_another_window_loses_nothing(
    world: World, visit: tuple[Person, Visitor], kind: str
) -> None:
    person, visitor = visit
    form, action, typed, done = open_form(world, visitor, kind)
    sign_out(visitor)
    assert visitor.sign_in(person).status_code == 303
    answer = visitor.fill(form, action, **typed)
    assert answer.status_code in (200, 303), text_of(answer)
    assert done in text_of(settle(world, visitor, answer))


def test_a_form_is_carried_over_two_sign_outs(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    form, action, typed, done = open_form(world, visitor, "invite")
    sign_out(visitor)
    visitor.sign_in(person)
    sign_out(visitor)
    asked = visitor.fill(form, action, **typed)
    answer = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert done in text_of(answer)


def test_an_upload_keeps_its_choices_after_a_sign_out_or_sign_in_elsewhere(
    world: World, visit: tuple[Person, Visitor]
) -> None:
    person, visitor = visit
    csrf = visitor.csrf("/imports")

    def send() -> httpx.Response:
        return visitor.http.post(
            "/imports",
            data={"csrf": csrf, "mode": "update", "key": "gtin", "onError": "rollback", "dryRun": "true"},
            files={"file": ("winter.csv", b"gtin,name\n4006381333931,Lamp\n", "text/csv")},
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        )

    sign_out(visitor)
    answer = send()
    assert "mode%3Dupdate" in answer.headers["location"]
    assert "choose the file again" in text_of(visitor.get(answer.headers["location"]))
    visitor.sign_in(person)
    assert re.fullmatch(r"/imports/[0-9a-f-]{36}", send().headers["location"])


def test_a_form_of_another_person_is_refused(world: World, visit: tuple[Person, Visitor]) -> None:
    """Its token is one of an ended session, but not of this person; nor may another site send one that is."""
    person, visitor = visit
    csrf = visitor.csrf()
    sign_out(visitor)
    other = world.person("OWNER")
    visitor.sign_in(other)
    fields = [("csrf", csrf), ("email", "planted-here@example.test"), ("role", "OWNER")]
    assert visitor.post("/account/members", fields).status_code == 403
    sign_out(visitor)
    visitor.sign_in(person)
    for site in ("cross-site", "same-site"):
        assert visitor.post("/account/members", fields, headers={"Sec-Fetch-Site": site}).status_code == 403
    planted = "SELECT email FROM invitations WHERE email = 'planted-here@example.test'"
    assert not rows(world.server.database, planted)


def test_sign_in_of_another_person_reports_the_discarded_form(world: World, visit: tuple[Person, Visitor]) -> None:
    _, visitor = visit
    form, action, typed, _ = open_form(world, visitor, "invite")
    sign_out(visitor)
    asked = visitor.fill(form, action, **typed)
    other = world.person("OWNER")
    answer = visitor.fill(asked, "/sign-in", email=other.email, password=other.password)
    assert "somebody else had entered it" in text_of(visitor.get(answer.headers["location"]))


def test_a_signed_out_cookie_is_rejected(visit: tuple[Person, Visitor]) -> None:
    _, visitor = visit
    sign_out(visitor)
    for path in ("/account/members", "/products", "/account/sessions/left"):
        assert visitor.get(path).headers["location"].startswith("/sign-in"), path
    page = visitor.get("/sign-in")
    assert "You signed out." in text_of(page)
    assert "another window" not in page.text


def test_signing_out_is_not_carried(visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    csrf = visitor.csrf()
    sign_out(visitor)
    answer = visitor.post("/sign-out", [("csrf", csrf)])
    assert answer.status_code == 303
    page = visitor.get(answer.headers["location"])
    assert "You are signed out." in text_of(page)
    assert visitor.fill(page, "/sign-in", email=person.email, password=person.password).status_code == 303
    assert visitor.get("/account/sessions").status_code == 200


@pytest.mark.parametrize("kind", ["invite", "rotate"])
def test_a_carried_form_is_posted_once(world: World, visit: tuple[Person, Visitor], kind: str) -> None:
    person, visitor = visit
    form, action, typed, done = open_form(world, visitor, kind)
    sign_out(visitor)
    asked = visitor.fill(form, action, **typed)
    first = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert done in text_of(settle(world, visitor, first))
    again = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    assert again.status_code == 303
    page = settle(world, visitor, again)
    assert "was already submitted" in text_of(page)
    assert "lxgsec_" not in page.text
