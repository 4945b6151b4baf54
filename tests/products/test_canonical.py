"""Canonical JSON and its digest. RFC 8785."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jsonpatch
import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from linkxg.catalog.products.canonical import NotCanonical, canonical, content_hash
from linkxg.catalog.products.content import MAX_SAFE_INTEGER, Category, Content, Dimensions, Measure
from linkxg.catalog.products.diff_versions import diff

NUMBERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.floats(
    -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER, allow_nan=False
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
CONTENTS = st.dictionaries(TEXTS, VALUES, max_size=5)


@given(CONTENTS)
def test_canonical_json_agrees_with_the_reference_implementation(content: dict[str, Any]) -> None:
    form = canonical(content)
    # JSON has no other zero: the reference writes 0 as well.
    assert form.text.encode() == rfc8785.dumps(json.loads(json.dumps(content)))
    assert form.digest == hashlib.sha256(form.text.encode()).digest()


@given(CONTENTS)
def test_canonical_json_is_idempotent(content: dict[str, Any]) -> None:
    text = canonical(content).text
    assert canonical(json.loads(text)).text == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e15, "1000000000000000"),
        (9007199254740991.0, "9007199254740991"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (0.30000000000000004, "0.30000000000000004"),
        (333333333.33333329, "333333333.3333333"),
        ('\u20ac$\n\\"', '"€$\\n\\\\\\""'),
        ({"\U0001f600": 1, "\ufb33": 2, "1": 3, "\u00f6": 4}, '{"1":3,"ö":4,"\U0001f600":1,"\ufb33":2}'),
    ],
)
def test_canonical_numbers_match_the_examples_of_rfc_8785(value: Any, text: str) -> None:
    assert canonical({"a": value}).text == f'{{"a":{text}}}'


@pytest.mark.parametrize("value", [2**53, -(2**53), 2.0**53, 1e21, -1e300, 10**400, [{"a": 2**60}]])
def test_numbers_outside_json_are_rejected(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical({"a": value})


def test_a_struct_and_its_json_have_one_canonical_form() -> None:
    content = Content("Bolt", category=Category("c", scheme_id="a:b"), dimensions=Dimensions(Measure(2.0, "KGM")))
    text = (
        '{"category":{"code":"c","schemeId":"a:b"},"dimensions":{"netWeight":{"unit":"KGM","value":2}},"name":"Bolt"}'
    )
    assert canonical(content).text == text
    assert content_hash(canonical(content).digest) == f"sha-256:{hashlib.sha256(text.encode()).hexdigest()}"


@given(CONTENTS, CONTENTS)
def test_applying_a_diff_yields_the_other_content(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = diff(old, new)
    steps = msgspec.to_builtins(found.patch)
    assert rfc8785.dumps(jsonpatch.apply_patch(old, steps)) == rfc8785.dumps(new)
    assert bool(found.patch) == (rfc8785.dumps(old) != rfc8785.dumps(new))
    assert bool(found.fields) <= bool(found.patch)


def test_a_diff_touches_only_the_changed_list_items() -> None:
    old, new = {"a": [1, 2, 3, 4]}, {"a": [True, 1, 2, 4]}
    assert msgspec.to_builtins(diff(old, new).patch) == [
        {"op": "replace", "path": "/a/0", "value": True},
        {"op": "replace", "path": "/a/1", "value": 1},
        {"op": "replace", "path": "/a/2", "value": 2},
    ]
    steps: list[tuple[list[Any], list[Any], list[Any]]] = [
        ([1, 2, 3], [1, 9, 2, 3], [{"op": "add", "path": "/a/1", "value": 9}]),
        ([1, 2, 3], [2, 3], [{"op": "remove", "path": "/a/0"}]),
        ([1, 2, 2, 3], [1, 2, 3], [{"op": "remove", "path": "/a/2"}]),
        ([], [None], [{"op": "add", "path": "/a/0", "value": None}]),
        ([{"b": 1}, {"b": 2}], [{"b": 1}, {"b": 3}], [{"op": "replace", "path": "/a/1/b", "value": 3}]),
    ]
    for before, after, expected in steps:
        assert msgspec.to_builtins(diff({"a": before}, {"a": after}).patch) == expected


def test_names_are_escaped_in_json_pointers() -> None:
    found = diff({"a~/": {"": 1}}, {"a~/": {"": 2}})
    assert [step.path for step in found.patch] == ["/a~0~1/"]
