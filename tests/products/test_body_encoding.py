"""Bodies of products that are no JSON object of an accepted type and size."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from harness.world import World
from products.catalogue import PRODUCTS, body, create, path, post, read

RAW: list[tuple[str, bytes]] = [
    ("NUL", b'{"sku":"a\\u0000b","content":{"name":"n"}}'),
    ("NUL in an attribute", b'{"sku":"a","content":{"name":"n","attributes":{"a":"\\u0000"}}}'),
    ("NUL in an attribute's name", b'{"sku":"a","content":{"name":"n","attributes":{"\\u0000":1}}}'),
    ("lone surrogate", b'{"sku":"a","content":{"name":"\\ud800"}}'),
    ("lone surrogate in depth", b'{"sku":"a","content":{"name":"n","attributes":{"a":[{"\\udfff":1}]}}}'),
    ("raw surrogate", b'{"sku":"a","content":{"name":"\xed\xa0\x80"}}'),
    ("DEL", b'{"sku":"a","content":{"name":"n","description":"\x7f"}}'),
    ("escape", b'{"sku":"a","content":{"name":"n","description":"\\u001b[31m"}}'),
    ("member twice", b'{"sku":"a","content":{"name":"n","name":"m"}}'),
    ("attribute twice", b'{"sku":"a","content":{"name":"n","attributes":{"a":1,"\\u0061":2}}}'),
    ("deep", b'{"sku":"a","content":{"name":"n","attributes":{"a":' + b"[" * 40 + b"]" * 40 + b"}}}"),
    ("very deep", b'{"sku":"a","content":{"name":"n","attributes":' + b'{"a":' * 40_000 + b"1" + b"}" * 40_002),
    ("NaN", b'{"sku":"a","content":{"name":"n","attributes":{"a":NaN}}}'),
    ("infinite", b'{"sku":"a","content":{"name":"n","attributes":{"a":1e999}}}'),
    ("many digits", b'{"sku":"a","content":{"name":"n","attributes":{"a":' + b"1" * 5_000 + b"}}}"),
    ("cut", b'{"sku":"a","name":"n"'),
    ("UTF-16", '{"sku":"a","name":"n"}'.encode("utf-16")),
    ("empty", b""),
]


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in RAW])
def test_malformed_json_is_rejected(world: World, raw: bytes) -> None:
    options: dict[str, Any] = {
        "content": raw,
        "headers": {"Content-Type": "application/json"},
        "bearer": world.owner.access,
    }
    world.api.post(PRODUCTS, **options).expect(400, "invalid_request")
    made = create(world)
    world.api.patch(path(made), **options).expect(400, "invalid_request")
    assert read(world, made).data() == made


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"a"', b"[{}]"])
def test_a_body_that_is_not_an_object_is_rejected(world: World, raw: bytes) -> None:
    options: dict[str, Any] = {
        "content": raw,
        "headers": {"Content-Type": "application/json"},
        "bearer": world.owner.access,
    }
    world.api.post(PRODUCTS, **options).expect(422, "validation_failed")
    world.api.patch(path(create(world)), **options).expect(422, "validation_failed")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_other_media_types_are_refused(world: World, media_type: str) -> None:
    options: dict[str, Any] = {
        "content": json.dumps(body()).encode(),
        "headers": {"Content-Type": media_type},
        "bearer": world.owner.access,
    }
    world.api.post(PRODUCTS, **options).expect(415, "unsupported_media_type")
    world.api.patch(path(create(world)), **options).expect(415, "unsupported_media_type")


@pytest.mark.parametrize(("coding", "taken"), [("gzip", False), ("br", False), ("identity", True), ("", True)])
def test_a_compressed_body_is_unsupported_media_type(world: World, coding: str, taken: bool) -> None:
    raw = json.dumps(body()).encode()
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    content = raw if taken else gzip.compress(raw)
    answer = world.api.post(PRODUCTS, bearer=world.owner.access, content=content, headers=headers)
    answer.expect(201) if taken else answer.expect(415, "unsupported_media_type")


def test_a_large_body_is_rejected(world: World) -> None:
    post(world, body(description="x" * 300_000)).expect(413, "payload_too_large")
