"""What belongs to others answers as what does not exist: status, body and headers."""

from __future__ import annotations

from typing import Any

from harness.answers import Answer
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7
from network.connected import send
from network.partners import new_partner
from network.sharing import SHARED, end_shares, rfc3339, share
from products.catalogue import published

VARYING = {"date", "x-request-id", "ratelimit", "x-ratelimit-remaining", "ratelimit-remaining", "ratelimit-reset"}
PRODUCT_ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"{SHARED}/{{}}", None),
    ("GET", f"{SHARED}/{{}}?fields=content.brand", None),
    ("GET", f"{SHARED}/{{}}/versions", None),
    ("GET", f"{SHARED}/{{}}/versions/1", None),
    ("POST", f"{SHARED}/{{}}/acknowledge", {"status": "ACCEPTED"}),
    ("POST", f"{SHARED}/{{}}/adopt", {}),
    ("GET", "/products/{}/shares", None),
)
CONNECTION_ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/connections/{}", None),
    ("POST", "/connections/{}/accept", None),
    ("POST", "/connections/{}/revoke", None),
    ("GET", "/connections/{}/shares", None),
    ("POST", "/connections/{}/shares", {"type": "ALL"}),
    ("POST", "/connections/{}/shares?dryRun=true", {"type": "ALL"}),
    ("GET", "/connections/{}/access-log", None),
    ("POST", "/connections/{}/requests", {"type": "PRODUCT", "gtin": "4012345000009", "purpose": "For a label"}),
)


def ask(world: World, method: str, path: str, json: Any) -> Answer:
    """As the second account, which is connected with nobody else than the first."""
    return world.api.request(method, path, bearer=world.other_owner.access, **{"json": json} if json else {})


def assert_alike(world: World, route: tuple[str, str, Any], foreign: str) -> None:
    method, path, json = route
    answers = [(id, ask(world, method, path.format(id), json)) for id in (foreign, str(uuid7()))]
    (id, found), (unknown, lost) = answers
    assert found.status == lost.status == 404
    shown = [found.body.decode().replace(id, "-"), lost.body.decode().replace(unknown, "-")]
    ids = [answer.header("x-request-id") or "-" for answer in (found, lost)]
    assert shown[0].replace(ids[0], "-") == shown[1].replace(ids[1], "-")
    kept = [sorted(field for field in answer.fields if field[0] not in VARYING) for answer in (found, lost)]
    assert kept[0] == kept[1]


def test_a_product_of_another_account_answers_as_an_unknown_one(world: World) -> None:
    end_shares(world)
    product = published(world)
    for route in PRODUCT_ROUTES:
        assert_alike(world, route, product["id"])


def test_a_connection_of_others_answers_as_an_unknown_one(world: World) -> None:
    _, connection = new_partner(world)
    for route in CONNECTION_ROUTES:
        assert_alike(world, route, connection["id"])


def test_shares_and_requests_of_others_answer_as_unknown_ones(world: World) -> None:
    assert_alike(world, ("GET", "/shares/{}", None), share(world, published(world))["id"])
    partner, connection = new_partner(world)
    request = send(world, partner, connection["id"], gtin="4012345000009").expect(201).data()
    for verb in ("approve", "decline", "cancel"):
        terms = {"expiresAt": rfc3339(now_ms() + 86_400_000)} if verb == "approve" else None
        assert_alike(world, ("POST", f"/requests/{{}}/{verb}", terms), request["id"])
    assert_alike(world, ("GET", "/requests/{}", None), request["id"])
    end_shares(world)
