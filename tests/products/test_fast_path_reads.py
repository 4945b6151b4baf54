"""A plain read answered by the fast path equals the router's answer for the same product."""

from __future__ import annotations

import re

import pytest

from harness.answers import Answer
from harness.secret_leaks import metrics
from harness.vault import with_a_typo
from harness.world import World
from products.catalogue import create, path

UNKNOWN = "01890000-0000-7000-8000-000000000000"


def shown(answer: Answer) -> tuple[int, object, set[tuple[str, str]]]:
    """What must be the same however a request was answered."""
    fields = {(name, value) for name, value in answer.fields if name not in ("x-request-id", "date")}
    body = answer.object()
    body.pop("requestId", None)
    return answer.status, body, {field for field in fields if field[0] != "content-length" or "error" not in body}


@pytest.mark.parametrize(
    ("whose", "what"),
    [
        ("owner", "mine"),
        ("owner", "unknown"),
        ("stranger", "mine"),
        ("nobody", "mine"),
        ("client without the scope", "mine"),
        ("mistyped", "mine"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "application/problem+json"])
def test_the_fast_path_and_the_router_answer_alike(world: World, whose: str, what: str, accept: str) -> None:
    made = create(world)
    bearer = {
        "owner": world.owner.access,
        "stranger": world.other_owner.access,
        "nobody": None,
        "client without the scope": world.token("connections:read"),
        "mistyped": with_a_typo(world.owner.access),
    }[whose]
    address = path(made) if what == "mine" else f"/products/{UNKNOWN}"
    headers = [("Accept", accept)]
    plain = world.api.get(address, bearer=bearer, headers=headers)
    routed = world.api.get(f"{address}?", bearer=bearer, headers=headers)
    assert shown(plain) == shown(routed)


def test_the_fast_path_and_the_router_count_as_one_route(world: World) -> None:
    made = create(world)
    count = re.compile(
        rb'linkxg_requests_total\{method="GET",route="/api/v1/products/\{product_id\}",status="200"\} (\d+)'
    )

    def counted() -> int:
        return int((count.findall(metrics(world.server)) or [b"0"])[0])

    before = counted()
    for query in ("", "?version=draft", "?fields=sku"):
        world.api.get(path(made) + query, bearer=world.owner.access).expect(200)
    assert counted() >= before + 3
