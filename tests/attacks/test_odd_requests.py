"""Odd queries, cursors, header fields and ids are refused, whatever they hold. Section 18."""

from __future__ import annotations

from uuid import uuid4

import pytest

from attacks.cases import TOKEN_PATH, case, raw_request
from harness.client import FORM_TYPE
from harness.raw_http import request_bytes, send_raw
from harness.world import World


@pytest.mark.parametrize(
    "query",
    [
        case(18, "limit text", "limit=abc"),
        case(18, "limit zero", "limit=0"),
        case(18, "limit negative", "limit=-1"),
        case(18, "limit huge", "limit=" + "9" * 5000),
        case(18, "limit float", "limit=1.5"),
        case(18, "limit other digits", "limit=%D9%A3"),
        case(18, "limit underscore", "limit=1_0"),
        case(18, "limit plus", "limit=%2B5"),
        case(18, "limit above the cap", "limit=100000"),
        case(18, "limit twice", "limit=1&limit=2"),
        case(18, "cursor garbage", "cursor=abc"),
        case(18, "cursor NUL", "cursor=%00"),
        case(18, "cursor empty object", "cursor=e30"),
        case(18, "cursor long", "cursor=" + "a" * 5000),
        case(18, "sku NUL", "sku=a%00b"),
        case(18, "sku surrogate", "sku=%ed%a0%80"),
        case(18, "sku invalid UTF-8", "sku=%ff"),
        case(18, "bad escape", "sku=%zz"),
        case(18, "sku long", "sku=" + "s" * 5000),
        case(18, "gtin garbage", "gtin=abc"),
        case(18, "sku SQL", "sku=%27%20OR%201%3D1%20--"),
        case(18, "unknown filter", "colour=red"),
    ],
)
def test_odd_queries_never_cause_a_5xx(world: World, query: str) -> None:
    for path in ("/api/v1/products", "/api/v1/account/audit-events"):
        headers = [("Authorization", f"Bearer {world.owner.access}")]
        answer = raw_request(world, "GET", f"{path}?{query}", headers)
        answer.expect_one_of((200, None), (400, "invalid_request"), (400, "invalid_cursor"),
                             (422, "validation_failed"))  # fmt: skip
        if answer.status == 200 and path.endswith("products") and "sku=" in query:
            assert answer.data() == [], "a filter that fits nothing must not be dropped"


def test_a_forged_cursor_is_rejected(world: World) -> None:
    """A genuine cursor, changed anywhere, is refused; another account's cursor shows nothing of theirs."""
    for number in range(3):
        body = {"sku": f"C-{number}-{uuid4()}", "content": {"name": "Bolt"}}
        world.api.post("/products", bearer=world.owner.access, json=body).expect(201)
    page = world.api.get("/products?limit=1", bearer=world.owner.access).expect(200).object()
    cursor = page["pagination"]["nextCursor"]
    assert cursor
    for changed in (cursor[:-2], cursor + "AA", "A" + cursor[1:], cursor.swapcase()):
        answer = world.api.get(f"/products?limit=1&cursor={changed}", bearer=world.owner.access)
        answer.expect_one_of((400, "invalid_cursor"), (400, "invalid_request"))
    foreign = world.api.get(f"/products?limit=50&cursor={cursor}", bearer=world.other_owner.access)
    assert foreign.status in {200, 400}
    if foreign.status == 200:
        assert foreign.data() == []
    world.api.get(f"/products?limit=1&cursor={cursor}&category=x", bearer=world.owner.access).expect_one_of(
        (400, "invalid_cursor"), (400, "invalid_request")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        case(18, "If-Match garbage", "If-Match", "abc"),
        case(18, "If-Match weak", "If-Match", 'W/"p-1"'),
        case(18, "If-Match open quote", "If-Match", '"'),
        case(18, "If-Match long", "If-Match", '"' + "a" * 4000 + '"'),
        case(18, "If-Match many", "If-Match", ", ".join(['"a"'] * 800)),
        case(18, "If-None-Match garbage", "If-None-Match", ",,,"),
        case(18, "Idempotency-Key long", "Idempotency-Key", "k" * 4000),
        case(18, "Idempotency-Key odd", "Idempotency-Key", "a\tb\"\\'"),
        case(18, "Idempotency-Key not ASCII", "Idempotency-Key", "\u00e9\u00ff"),
        case(18, "Accept garbage", "Accept", "/"),
        case(18, "Accept xml", "Accept", "application/xml"),
        case(18, "Accept long", "Accept", "text/html," * 300),
        case(18, "Accept-Encoding garbage", "Accept-Encoding", "gzip;q=abc, *;q=0"),
        case(18, "Accept-Language garbage", "Accept-Language", "-;q=\u00e9"),
        case(18, "Range", "Range", "bytes=0-1,-,99999999999999999999-"),
        case(18, "Cookie garbage", "Cookie", '=;;=a; \u00e9=\u00e9; a="b'),
        case(18, "Content-Encoding", "Content-Encoding", "gzip"),
        case(18, "Host empty", "X-Forwarded-Host", ""),
        case(18, "Method override", "X-HTTP-Method-Override", "DELETE"),
        case(18, "Upgrade", "Upgrade", "websocket"),
        case(18, "Expect", "Expect", "100-continue"),
        case(18, "Date", "If-Modified-Since", "yesterday"),
    ],
)
def test_odd_headers_never_cause_a_5xx(world: World, name: str, value: str) -> None:
    product = world.api.post(
        "/products", bearer=world.owner.access, json={"sku": f"H-{uuid4()}", "content": {"name": "Bolt"}}
    ).expect(201).data()  # fmt: skip
    headers = [("Authorization", f"Bearer {world.owner.access}"), (name, value)]
    json_type = ("Content-Type", "application/json")
    path = f"/api/v1/products/{product['id']}"
    answers = [
        raw_request(world, "GET", path, headers),
        raw_request(world, "PATCH", path, [*headers, json_type], b'{"name":"Nut"}'),
        raw_request(world, "POST", "/api/v1/oauth/clients", [*headers, json_type],
                    b'{"client_name":"H","scope":"products:read"}', reveals=True),
        raw_request(world, "POST", TOKEN_PATH, [(name, value), ("Content-Type", FORM_TYPE)], b"grant_type=x"),
    ]  # fmt: skip
    for answer in answers:
        assert answer.status < 500, answer
    # Whatever the header said, the product is where it was.
    world.api.get(f"/products/{product['id']}", bearer=world.owner.access).expect(200)


@pytest.mark.parametrize(
    "segment",
    [
        case(18, "NUL", "%00"),
        case(18, "invalid UTF-8", "%ff"),
        case(18, "surrogate", "%ed%a0%80"),
        case(18, "SQL", "%27%20OR%201%3D1"),
        case(18, "dots", "%2e%2e"),
        case(18, "slash", "a%2fb"),
        case(18, "long", "a" * 4000),
        case(18, "number", "1"),
        case(18, "negative", "-1"),
        case(18, "nil uuid", "00000000-0000-0000-0000-000000000000"),
        case(18, "uuid in braces", "%7B0b9a4b8e-61c1-4f6c-9d5d-1f4f7e6a2b11%7D"),
        case(18, "emoji", "%F0%9F%94%91"),
        case(18, "line break", "a%0d%0ab"),
    ],
)
def test_unknown_ids_are_not_found(world: World, segment: str) -> None:
    headers = [("Authorization", f"Bearer {world.owner.access}")]
    for method, path in (
        ("GET", "/products/{}"),
        ("DELETE", "/products/{}"),
        ("GET", "/oauth/clients/{}"),
        ("DELETE", "/oauth/clients/{}"),
        ("POST", "/oauth/clients/{}/rotate"),
        ("DELETE", "/oauth/clients/x/secrets/{}"),
        ("DELETE", "/account/users/{}"),
        ("DELETE", "/auth/sessions/{}"),
    ):
        target = "/api/v1" + path.format(segment)
        answer = send_raw(world.api, request_bytes(world.api, method, target, headers), framing=True)
        assert answer is not None
        assert (answer.status, answer.error) in {
            (404, "not_found"), (400, "invalid_request"), (405, "method_not_allowed")
        }, answer  # fmt: skip
