"""Text whose normalization is quadratic costs no more than other text. Security rules L4, L5 and L12."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.people import new_email
from harness.world import World
from imports.files import counts, run

MARKS = "\u0301\u0327"
"""In this order they have to be sorted."""
SECONDS = 3.0
"""Of processor: 200 KB of them took minutes, 8 KB a tenth of a second."""


def text(characters: int) -> str:
    return "a" + MARKS * (characters // 2)


def invite(world: World) -> Answer:
    body = {"email": f"{text(100_000)}@example.test", "role": "VIEWER"}
    return world.api.post("/account/users", bearer=world.owner.access, json=body).expect(400, "invalid_request")


def sign_in(world: World) -> Answer:
    body = {"email": f"{text(1_200)}@example.test", "password": "anything at all"}
    return world.api.post("/auth/login", json=body).expect(400, "invalid_request")


def change_password(world: World) -> Answer:
    session = world.session("VIEWER")
    body = {"currentPassword": session.person.password, "newPassword": text(500)}
    answer = world.api.post("/auth/password", bearer=session.access, json=body, reveals=True)
    return answer.expect(422, "validation_failed")


def find_by_sku(world: World) -> Answer:
    path = f"/products/by-sku/{quote(text(2_000))}"
    return world.api.get(path, bearer=world.owner.access).expect(404, "not_found")


def search(world: World) -> Answer:
    return world.api.get(f"/products?q={quote(text(100))}", bearer=world.owner.access).expect(200)


def create(world: World) -> Answer:
    body = {"sku": text(60), "content": {"name": "Bolt"}}
    return world.api.post("/products", bearer=world.owner.access, json=body).expect(422, "validation_failed")


@pytest.mark.parametrize("ask", [case("L5", each.__name__, each) for each in
                                 (invite, sign_in, change_password, find_by_sku, search, create)])  # fmt: skip
def test_a_request_of_combining_marks_costs_no_more(world: World, ask: Callable[[World], Answer]) -> None:
    with world.server.process.within_cpu_seconds(SECONDS):
        for _ in range(3):
            ask(world)


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_a_row_of_combining_marks_fails_alone(world: World, format: str) -> None:
    """It held the import processes of all workers, and every other account's imports waited."""
    skus = [text(150_000), text(40), new_email("sku")]
    if format == "csv":
        content = "sku,name\n" + "".join(f"{sku},Bolt\n" for sku in skus)
    else:
        content = "".join(json.dumps({"sku": sku, "content": {"name": "Bolt"}}) + "\n" for sku in skus)
    job = run(world, content.encode(), format=format)
    assert (job["status"], counts(job)) == ("COMPLETED_WITH_ERRORS", (1, 0, 0, 2))


def test_few_marks_in_a_row_are_normalized_as_before(world: World) -> None:
    suffix = new_email("sku")
    body = {"sku": f"e\u0301{suffix}", "content": {"name": "Bolt"}}
    made = world.api.post("/products", bearer=world.owner.access, json=body).expect(201).data()
    assert made["sku"] == f"\u00e9{suffix}"
