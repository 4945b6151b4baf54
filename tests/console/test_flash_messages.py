"""A page that answers a form directly confirms the action first, as the page after a redirect does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from console.browser import Visitor, secret_in, text_of
from harness.clients import make_client
from harness.people import new_email
from harness.world import World


def first_message(page: httpx.Response) -> str:
    """The notice that takes the focus."""
    found = re.findall(r'id="done" tabindex="-1" autofocus><p>([^<]+)</p>', page.text)
    assert len(found) == 1, text_of(page)
    return str(found[0])


def test_an_invitation_is_confirmed_first(owner: Visitor) -> None:
    email = new_email()
    page = owner.post("/account/members", [("csrf", owner.csrf()), ("email", email), ("role", "VIEWER")])
    assert "<title>Done · Members" in page.text
    assert first_message(page).startswith(f"{email} is invited.")


def test_a_new_client_and_a_rotation_are_confirmed_first(world: World, owner: Visitor) -> None:
    form = owner.get("/account/api-access/new")
    made = owner.fill(form, name="Told", scope=["products:read"])
    secret_in(made, world.vault)
    assert "<title>Done · Client created" in made.text
    assert first_message(made) == "The client is created."
    path = f"/account/api-access/{make_client(world.api, world.owner, 'products:read').client_id}/rotate"
    rotated = owner.post(path, [("csrf", owner.csrf()), ("mode", "planned"), ("overlap", "3600")])
    secret_in(rotated, world.vault)
    assert "<title>Done · New secret" in rotated.text
    assert first_message(rotated) == "The secret is rotated."


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ((datetime.now(UTC) - timedelta(days=2)).date().isoformat(), "Choose a day in the future."),
        ("30.06.2027", "Enter a day such as 2027-06-30."),
    ],
    ids=["past", "another spelling"],
)
def test_an_invalid_expiry_is_reported_with_the_other_fields(owner: Visitor, day: str, expected: str) -> None:
    form = owner.get("/account/api-access/new")
    assert "novalidate" in form.text, "the browser would stop the form beside old errors"
    answer = owner.fill(form, name="Both faults", expires=day)
    assert answer.status_code == 422
    for message in ("Select at least one scope.", expected):
        assert text_of(answer).count(message) == 2, "in the summary and at the field"


@pytest.mark.parametrize("content", [b"", b"sku,nmae\nx,y\n"], ids=["empty", "unknown column"])
def test_a_rejected_file_is_reported_without_its_field_name(owner: Visitor, content: bytes) -> None:
    answer = owner.http.post(
        "/imports",
        data={"csrf": owner.csrf("/imports")},
        files={"file": ("notes.csv", content, "text/csv")},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )
    assert answer.status_code == 422
    assert "<title>Error: Imports" in answer.text
    assert ">file: " not in answer.text
