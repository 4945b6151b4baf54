"""JSON that Python's reader tolerates is refused wherever JSON is read. Section 18."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.client import FORM_TYPE
from harness.world import World

JSON_LIMIT = 256 * 1024
STRANGERS = ("login", "accept", "refresh")
STRANGER_LIMIT = 4 * 1024

# A good body for each route; every trap is built into it.
ROUTES: dict[str, tuple[str, str, dict[str, object]]] = {
    "login": ("POST", "/auth/login", {"email": "a@example.test", "password": "kestrel opens"}),
    "refresh": ("POST", "/auth/refresh", {"refreshToken": "lxgref_abc"}),
    "password": ("POST", "/auth/password", {"currentPassword": "kestrel", "newPassword": "kestrel opens no"}),
    "invite": ("POST", "/account/users", {"email": "b@example.test", "role": "VIEWER"}),
    "accept": ("POST", "/invitations/unknown-invitation/accept", {"password": "kestrel opens no"}),
    "client": ("POST", "/oauth/clients", {"client_name": "X", "scope": "products:read"}),
    "product": ("POST", "/products", {"sku": "T-1", "content": {"name": "Trap"}}),
}


def compact(body: object) -> bytes:
    """JSON as most programs write it."""
    return json.dumps(body, separators=(",", ":")).encode()


def inside(body: dict[str, object], member: bytes) -> bytes:
    """The body with one more member in front."""
    return b"{" + member + b"," + compact(body)[1:]


def escaped(name: str) -> bytes:
    """The same member name, its first letter written as an escape."""
    return f"\\u{ord(name[0]):04x}{name[1:]}".encode()


TRAPS: dict[str, Callable[[dict[str, object]], bytes]] = {
    "empty": lambda body: b"",
    "only white space": lambda body: b"  \n",
    "white space and unknown text": lambda body: json.dumps(body, indent=1).encode() + b"\x00",
    "cut": lambda body: compact(body)[:-1],
    "trailing text": lambda body: compact(body) + b"x",
    "two values": lambda body: compact(body) * 2,
    "single quotes": lambda body: repr(body).encode(),
    "comment": lambda body: b"/* */" + compact(body),
    "trailing comma": lambda body: compact(body)[:-1] + b",}",
    "UTF-16": lambda body: json.dumps(body).encode("utf-16"),
    "UTF-16 without mark": lambda body: json.dumps(body).encode("utf-16-le"),
    "UTF-32": lambda body: json.dumps(body).encode("utf-32"),
    "byte order mark": lambda body: b"\xef\xbb\xbf" + compact(body),
    "invalid UTF-8": lambda body: inside(body, b'"a":"\xff\xfe"'),
    "raw surrogate": lambda body: inside(body, b'"a":"\xed\xa0\x80"'),
    "NaN": lambda body: inside(body, b'"a":NaN'),
    "Infinity": lambda body: inside(body, b'"a":-Infinity'),
    "member twice": lambda body: inside(body, f'"{next(iter(body))}":"first"'.encode()),
    "unknown member twice": lambda body: inside(body, b'"a":1,"a":2'),
    "inner member twice": lambda body: inside(body, b'"a":{"b":1,"b":2}'),
    "escaped member twice": lambda body: inside(body, b'"%s":""' % escaped(next(iter(body)))),
    "deep list": lambda body: b"[" * 100_000,
    "deep closed list": lambda body: b"[" * 50_000 + b"]" * 50_000,
    "deep object": lambda body: b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep member": lambda body: inside(body, b'"a":' + b"[" * 5000 + b"]" * 5000),
    "integer of 5000 digits": lambda body: inside(body, b'"a":' + b"9" * 5000),
    "lone number": lambda body: b"9" * 5000,
    "raw control": lambda body: inside(body, b'"a":"\x01"'),
}  # fmt: skip
# In a text that is stored or compared: refused at the edge, on both engines alike.
TEXT_TRAPS = {
    "NUL": "a\x00b",
    "lone high surrogate": "a\ud800b",
    "lone low surrogate": "a\udc00b",
    "reversed pair": "\udc00\ud800",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb",
    "backspace": "a\x08b",
}


def send(world: World, route: str, content: bytes, media_type: str = "application/json") -> Answer:
    """Send this body to a route as the Owner."""
    method, path, _ = ROUTES[route]
    return world.api.request(method, path, content=content, headers={"Content-Type": media_type},
                             bearer=world.owner.access, reveals=True)  # fmt: skip


@pytest.mark.parametrize("route", [case(18, name, name) for name in ROUTES])
@pytest.mark.parametrize("trap", [case(18, name, name) for name in TRAPS])
def test_lenient_json_is_refused(world: World, route: str, trap: str) -> None:
    content = TRAPS[trap](ROUTES[route][2])
    answer = send(world, route, content)
    if route in STRANGERS and len(content) > STRANGER_LIMIT:
        answer.expect(413, "payload_too_large")  # what needs no token is short: its lower limit is met first
    else:
        answer.expect(400, "invalid_request")


@pytest.mark.parametrize("route", [case(18, name, name) for name in ROUTES])
@pytest.mark.parametrize("trap", [case(18, name, name) for name in TEXT_TRAPS])
def test_unstorable_text_is_refused(world: World, route: str, trap: str) -> None:
    body = ROUTES[route][2]
    for member in body:
        answer = send(world, route, compact(body | {member: TEXT_TRAPS[trap]}))
        answer.expect_one_of((400, "invalid_request"), (422, "validation_failed"), (400, "invalid_scope"))
        named = send(world, route, compact(body | {TEXT_TRAPS[trap]: 1}))
        named.expect_one_of((400, "invalid_request"), (422, "validation_failed"))


@pytest.mark.parametrize("route", [case(18, name, name) for name in ROUTES])
@pytest.mark.parametrize(
    "value",
    [
        case(18, "null", None),
        case(18, "true", True),
        case(18, "number", 1),
        case(18, "float", 1.5),
        case(18, "list", []),
        case(18, "object", {}),
        case(18, "list in object", {"$gt": [""]}),
    ],
)
def test_every_member_has_its_type(world: World, route: str, value: object) -> None:
    body = ROUTES[route][2]
    for member in body:
        answer = send(world, route, compact(body | {member: value}))
        answer.expect_one_of((400, "invalid_request"), (422, "validation_failed"), (400, "invalid_scope"))


@pytest.mark.parametrize("route", [case(18, name, name) for name in ROUTES])
@pytest.mark.parametrize("value", [case(18, text.decode(), text) for text in (b"[]", b'"a"', b"null", b"1", b"true")])
def test_a_body_that_is_not_an_object_is_rejected(world: World, route: str, value: bytes) -> None:
    answer = send(world, route, value)
    answer.expect_one_of((400, "invalid_request"), (422, "validation_failed"))


@pytest.mark.parametrize("route", [case(8, name, name) for name in ROUTES])
def test_large_bodies_are_refused(world: World, route: str) -> None:
    body = inside(ROUTES[route][2], b'"a":"' + b"a" * JSON_LIMIT + b'"')
    send(world, route, body).expect(413, "payload_too_large")


@pytest.mark.parametrize("route", [case(2, name, name) for name in ROUTES])
@pytest.mark.parametrize(
    "media_type",
    [
        case(2, name, name)
        for name in (FORM_TYPE, "text/plain", "application/jsonx", "text/json", "multipart/form-data")
    ],
)
def test_other_media_types_are_refused(world: World, route: str, media_type: str) -> None:
    answer = send(world, route, compact(ROUTES[route][2]), media_type)
    if ROUTES[route][1].startswith(("/auth/", "/oauth/")):
        answer.expect(400, "invalid_request")
    else:
        answer.expect(415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type", [case(2, name, name) for name in ("application/json; charset=utf-8", "APPLICATION/JSON")]
)
def test_json_media_types_are_accepted(world: World, media_type: str) -> None:
    body = json.dumps({"sku": f"S-{uuid4()}", "content": {"name": "Bolt"}}).encode()
    send(world, "product", body, media_type).expect(201)


PRODUCT_TRAPS: dict[str, dict[str, object]] = {
    "sku empty": {"sku": ""},
    "sku of 65": {"sku": "s" * 65},
    "sku blank": {"sku": "   "},
    "sku line break": {"sku": "a\nb"},
    "name empty": {"content": {"name": ""}},
    "name of 256": {"content": {"name": "n" * 256}},
    "gtin letters": {"gtin": "abcdefgh"},
    "gtin wrong check digit": {"gtin": "4006381333932"},
    "gtin of 9": {"gtin": "123456789"},
    "gtin other digits": {"gtin": "\u0664\u0660\u0660\u0666\u0663\u0668\u0661\u0663\u0663\u0663\u0669\u0663\u0661"},
    "gtin superscript": {"gtin": "400638133393\u00b9"},
    "gtin number": {"gtin": 4006381333931},
    "gtin spaces": {"gtin": " 4006381333931"},
    "attributes list": {"content": {"name": "a", "attributes": []}},
    "attributes text": {"content": {"name": "a", "attributes": "a"}},
    "attribute name NUL": {"content": {"name": "a", "attributes": {"a\u0000": 1}}},
    "attribute deep": {"content": {"name": "a", "attributes": {"a": json.loads("[" * 60 + "]" * 60)}}},
}


@pytest.mark.parametrize("extra", [case(18, name, extra) for name, extra in PRODUCT_TRAPS.items()])
def test_malformed_products_are_refused(world: World, extra: dict[str, object]) -> None:
    body = {"sku": f"S-{uuid4()}", "content": {"name": "Bolt"}} | extra
    answer = send(world, "product", compact(body))
    answer.expect_one_of((400, "invalid_request"), (422, "validation_failed"))
    if answer.status == 422:
        details = answer.object()["details"]
        assert details
        assert all(entry.keys() == {"field", "code", "message"} for entry in details)


@pytest.mark.parametrize(
    "attributes",
    [
        case(18, "float", {"a": 0.1, "b": -1e300, "c": 5e-324}),
        case(18, "large integer", {"a": 2**63, "b": -(2**63), "c": 2**64, "d": 10**400}),
        case(18, "astral text", {"\U0001f511": "\U0001f40c\u0000".replace("\u0000", "")}),
        case(18, "nested", {"a": {"b": [1, None, True, {"c": ""}]}}),
        case(18, "markup", {"a": "<script>alert(1)</script>"}),
        case(18, "names of Python", {"__class__": "x", "__proto__": {"a": 1}, "constructor": 1}),
    ],
)
def test_stored_text_comes_back_unchanged(world: World, attributes: dict[str, object]) -> None:
    content = {"name": "Bolt \u00e9\u0301 \U0001f511", "attributes": attributes}
    body: dict[str, object] = {"sku": f"S-{uuid4()}", "content": content}
    answer = send(world, "product", compact(body))
    if answer.status == 201:
        path = f"/products/{answer.data()['id']}"
        stored = world.api.get(path, bearer=world.owner.access).expect(200).data()
        assert stored["content"] == content
    else:
        answer.expect_one_of((422, "validation_failed"), (400, "invalid_request"))


def test_comparing_odd_credentials_never_causes_a_5xx(world: World) -> None:
    """`hmac.compare_digest` raises on text that is not ASCII."""
    for secret in ("\u00e9", "lxgsec_\u00e9" + "a" * 48, "\U0001f511" * 12, "\u0000", "lxgsec_"):
        form = {"grant_type": "client_credentials", "client_id": world.oauth.client_id, "client_secret": secret}
        world.api.post("/oauth/token", form=form).expect_one_of((401, "invalid_client"), (400, "invalid_request"))
