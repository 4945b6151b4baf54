"""Attributes as a person writes them: what is shown reads back, and a save is the patch to what was written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkxg.console.attributes import difference, read_attributes, write_attributes
from linkxg.errors import ValidationFailed
from linkxg.products.merge_patch import merge_patch

_SCALARS = st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text()


def _values(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)

    return st.dictionaries(st.text(min_size=1), st.recursive(scalars, nest, max_leaves=6), max_size=4)


@given(_values(_SCALARS | st.none()))
def test_what_is_shown_reads_back(attributes: dict[str, Any]) -> None:
    assert read_attributes(write_attributes(attributes)) == attributes


@given(_values(_SCALARS), _values(_SCALARS))
def test_the_patch_leads_there(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert merge_patch(before, difference(before, after)) == after
    assert difference(after, after) == {}


def test_a_person_writes_words_and_numbers() -> None:
    text = 'material: HDPE\n\n  volumeL : 200\nratio: 1:2\ntext: "200"\n"a: b": true\nempty:'
    assert read_attributes(text) == {
        "material": "HDPE", "volumeL": 200, "ratio": "1:2", "text": "200", "a: b": True, "empty": "",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["no colon", ": value", '"open: 1', "a: 1\na: 2"])
def test_a_line_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read_attributes(text)
    assert refused.value.details is not None
    assert "Line " in refused.value.details[0]["message"]
