"""Links are read and written as GS1's syntax engine does it, check digits apart, which it leaves to others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from epcis.gs1_files import needs_vectors, vector
from harness.answers import JsonObject
from linkxg.catalog.identifiers.application_identifiers import Element, has_predefined_length
from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.digital_link import build_identifier
from linkxg.catalog.identifiers.keys import KEYS, NotAnIdentifier
from linkxg.catalog.identifiers.link_syntax import DigitalLink, link_of, read_link

FILE = "gs1/digital-link-syntax-vectors.json"


def vectors(kind: str) -> list[Any]:
    if not needs_vectors.args[0]:
        return [pytest.param(one, id=str(one["sourceLine"])) for one in vector(FILE)[kind]]
    return [pytest.param({}, marks=pytest.mark.skip(reason=needs_vectors.kwargs["reason"]))]


def element_string(link: DigitalLink) -> str:
    """As the vectors write it: `^` begins an element unless the one before has a predefined length."""
    found, separator = "", "^"
    key, attributes = (link.identifier.key.ai, link.identifier.value), link.attributes
    for ai, value in (key, *link.identifier.qualifiers, *attributes):
        found += separator + ai + value
        separator = "" if has_predefined_length(ai) else "^"
    return found


def with_check_digit(text: str | None, wrong: str, right: str) -> str | None:
    return text and text.replace(wrong, right)


def mended(one: JsonObject) -> JsonObject:
    """The vector with the check digit of its key put right, which the engine does not look at."""
    for ai, value in re.findall(r"/([0-9]{2,4})/([0-9]+)", one["uri"])[::-1]:
        key = KEYS.get(ai)
        if key and key.checked and key.format.fullmatch(value):
            digits = value[key.checked]
            right = value.replace(digits, digits[:-1] + str(check_digit(digits[:-1])))
            texts = {name: with_check_digit(one[name], value, right) for name in ("uri", "elementString")}
            return {**one, **texts}
    return one


@pytest.mark.parametrize("one", vectors("parse"))
def test_links_are_read_as_by_the_syntax_engine(one: JsonObject) -> None:
    one = mended(one)
    # What is valid with an option only is not valid by the standard any more.
    if one["valid"] and "option" not in one:
        assert element_string(read_link(one["uri"])) == one["elementString"]
        return
    with pytest.raises(NotAnIdentifier):
        read_link(one["uri"])


@pytest.mark.parametrize("one", vectors("generate"))
def test_links_are_written_as_by_the_syntax_engine(one: JsonObject) -> None:
    elements = [Element(*pair) for pair in re.findall(r"\(([0-9]+)\)([^(]+)", one["ai"])]
    if not one["valid"]:
        with pytest.raises(NotAnIdentifier):
            link_of(elements)
        return
    link = link_of(elements)
    assert one["stem"] + link.path + (f"?{link.query}" if link.query else "") == one["uri"]


def test_a_wrong_check_digit_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(NotAnIdentifier) as caught:
        read_link("https://a/01/12312312312334")
    assert caught.value.expected == 3


def test_the_whole_of_a_link_is_written_as_it_was_read() -> None:
    uri = "https://example.com/01/09520123456788/10/A%2FB?3103=000195&99=X%2BY"
    link = read_link(uri)
    assert f"https://example.com{link.path}?{link.query}" == uri


@pytest.mark.parametrize(
    "rest",
    ["?17=26112", "?17=", "?10=A&10=B", "?01=09520123456788", "?99=A+B", "?99=%00", "?3103=00019x", "/10/A?10=B",
     "/235/A/10/B", "/21/A/10/B", "/22/A/235/B", "/lot/A"],
)  # fmt: skip
def test_malformed_qualifiers_and_attributes_are_refused(rest: str) -> None:
    with pytest.raises(NotAnIdentifier):
        read_link(f"https://example.com/01/09520123456788{rest}")


@pytest.mark.parametrize("rest", ["?foo=", "?foo&bar=1", "?4711=x", "?linkType=gs1:dpp&17=261128", "?&&", "#top", "/"])
def test_parameters_that_are_none_of_gs1_mean_nothing(rest: str) -> None:
    assert read_link(f"https://example.com/01/09520123456788{rest}").identifier.value == "09520123456788"


@pytest.mark.parametrize(
    ("ai", "value", "names"),
    [("01", "09520123456788", ("22", "10", "21")), ("01", "09520123456788", ("235",)),
     ("414", "9520123456788", ("254",)), ("414", "9520123456788", ("7040",)),
     ("417", "9520123456788", ("7040",)), ("8004", "9520614141234567", ("7040",)),
     ("8017", "795260646688514634", ("8019",))],
)  # fmt: skip
def test_each_key_has_its_sequences_of_qualifiers(ai: str, value: str, names: tuple[str, ...]) -> None:
    values = {"7040": "1ABC", "8019": "7"}
    pairs = tuple((name, values.get(name, "X")) for name in names)
    if KEYS[ai].checked:
        value = value[:-1] + str(check_digit(value[:-1]))
    assert build_identifier(ai, value, pairs).qualifiers == pairs
    with pytest.raises(NotAnIdentifier):
        build_identifier(ai, value, (*pairs, pairs[-1]))
