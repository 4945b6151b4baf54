"""Compressed GS1 Digital Links say what the links say for which they stand."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identifiers.compression import bits, compressed, compressed_by_code, encoded
from linkxg.catalog.identifiers.application_identifiers import Element, components_of, is_application_identifier
from linkxg.catalog.identifiers.compressed_link import decompress
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.catalog.identifiers.link_syntax import link_of

PUBLISHED = [
    # Made by GS1's prototype of the algorithm and by implementations that were derived from it.
    ("ARHKVAdpQg", "/01/09780345418913", ""),
    ("ABeRcNWtKMPA", "/00/106141412345678908", ""),
    ("QUCO_anbfA", "/414/0614141123452", ""),
    ("JAaasHt_dNNt4ADESMALumsUfMAm34", "/8003/09421012301014f9804dbf", "240=qwe390023"),
    ("AQnYUc1gmiERBhQ0ytiyZuAGOLc1TXgpNWCv1", "/01/05412345000013/10/ABC%26%2B123", "7003=1903061658&k1=v1"),
    ("AQnYUc1gmiCNV4JGQhcNT6K6c", "/01/05412345000013/10/ABC123/21/72292641703", ""),
    ("AQnYUc1gmkax7ipGrOHDPC5YNI8hMz", "/01/05412345000013/235/8TFV883a904GH%263", ""),
    ("QUSaVjC_dHBAVlCrg", "/414/5060917510004/7040/5KFX", ""),
    ("gBe1ajAd9ATDmAGXPRfk", "/8017/817019610850151481/8019/4003812", ""),
    ("JVUqG5hJ5wA", "/255/5678409730535", ""),
    ("gAMJCAXukTMA", "/8003/04965031954585", ""),
    (
        "EEarwSMhC4an0V05E2gEsb6e897an8ewAMGAkftmjYEy",
        "/8006/054123450000130201/22/AJY3095721P49/10/ABC123/21/72292641703", "",
    ),
]  # fmt: skip
GTIN = ("01", "05412345000013")
BASE64URL = string.ascii_letters + string.digits + "-_"
NAMES = [ai for ai in (str(number).zfill(width) for width in (2, 3, 4) for number in range(10**width))
         if is_application_identifier(ai)]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "query"), PUBLISHED)
def test_published_examples_are_decompressed(text: str, path: str, query: str) -> None:
    link = link_of(decompress(text))
    assert (link.path, link.query) == (path, query)


@pytest.mark.parametrize(("text", "path", "query"), PUBLISHED)
def test_the_compression_of_these_tests_is_that_of_the_examples(text: str, path: str, query: str) -> None:
    assert compressed(*decompress(text)) == text


@pytest.mark.parametrize(
    ("code", "ais"),
    [("0B", ("01", "10")), ("0C", ("01", "21")), ("1A", ("01", "10", "21", "17")), ("2D", ("01", "3103")),
     ("3F", ("01", "3205")), ("A9", ("01", "3929")), ("CD", ("255", "3943")), ("9D", ("414", "254"))],
)  # fmt: skip
def test_codes_stand_for_usual_sequences(code: str, ais: tuple[str, ...]) -> None:
    values = {"01": GTIN[1], "10": "L1", "21": "007", "17": "261128", "3103": "000195", "3205": "000001",
              "3929": "15", "255": "5678409730535", "3943": "0010", "414": "5060917510004", "254": "A/B"}  # fmt: skip
    elements = [Element(ai, values[ai]) for ai in ais]
    assert decompress(compressed_by_code(code, *elements)) == elements


@st.composite
def elements(draw: st.DrawFn) -> Element:
    """Any application identifier with a value of its format; what may be empty sometimes is."""
    ai = draw(st.sampled_from(NAMES))
    value = ""
    for part in components_of(ai):
        alphabet = (
            "0123456789"
            if part.is_numeric
            else draw(st.sampled_from(["0123456789", "09af", "09AF", BASE64URL, "A/ b%"]))
        )
        least = part.length if part.is_fixed else 0 if part.is_optional else 1
        value += draw(st.text(alphabet, min_size=least, max_size=part.length))
    return Element(ai, value)


@given(st.lists(elements(), min_size=1, max_size=5))
def test_what_is_compressed_is_decompressed_to_the_same(given_elements: list[Element]) -> None:
    assert decompress(compressed(*given_elements)) == given_elements


@given(st.text(BASE64URL + "./%", max_size=40))
def test_any_text_is_a_link_or_refused(text: str) -> None:
    try:
        link = link_of(decompress(text))
    except NotAnIdentifier:
        return
    assert link.path.startswith("/")


@pytest.mark.parametrize(
    "text",
    ["", "foo", "10", "AQnYUc1g", "AQnYUc1gmiCNV4J", "ARHKVAdpQg=", "ARHKVAdpQg.", "4AAAAAAAAAAA", "tAAAAAAAAA",
     # More digits than the length allows, an unknown encoding, an application identifier that there is not.
     encoded(bits(0x01, 8) + "1" * 47), encoded(bits(0x10, 8) + "101" + bits(1, 5) + "1" * 8),
     encoded(bits(0x8999, 16)),
     # Padding is zero.
     "ARHKVAdpQh"],
)  # fmt: skip
def test_what_is_not_compressed_is_refused(text: str) -> None:
    with pytest.raises(NotAnIdentifier):
        decompress(text)


@pytest.mark.parametrize(
    "elements",
    [[("10", "L1")], [GTIN, ("01", "09780345418913")], [("01", "05412345000014")], [GTIN, ("235", "A"), ("10", "B")],
     [GTIN, ("17", "26112")], [GTIN, ("10", "a b")], [GTIN, ("10", "a\r\nb")]],
)  # fmt: skip
def test_elements_that_make_no_link_are_refused(elements: list[tuple[str, str]]) -> None:
    with pytest.raises(NotAnIdentifier):
        link_of(Element(*one) for one in elements)
