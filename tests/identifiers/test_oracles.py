"""Our checks agree with libraries that do nothing else."""

from __future__ import annotations

import contextlib

import biip
from biip.gln import Gln
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gtin import Gtin as BiipGtin
from biip.sscc import Sscc
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.digital_link import build_identifier, read_digital_link
from linkxg.catalog.identifiers.gtin import FORMATS, NotAGtin, read_gtin
from linkxg.catalog.identifiers.keys import KEYS, NotAnIdentifier, check_value

DIGITS = "0123456789"
LOT = st.text("!\"%&'()*+,-./0123456789:;<=>?AZ_az", min_size=1, max_size=20)


def digits(*lengths: int) -> st.SearchStrategy[str]:
    return st.sampled_from(lengths).flatmap(lambda length: st.text(DIGITS, min_size=length, max_size=length))


def checked(*lengths: int) -> st.SearchStrategy[str]:
    return digits(*(length - 1 for length in lengths)).map(lambda body: body + str(check_digit(body)))


@given(digits(7, 11, 12, 13))
def test_check_digits_agree_with_stdnum(body: str) -> None:
    assert str(check_digit(body)) == ean.calc_check_digit(body)


@given(st.one_of(digits(8, 12, 13, 14), st.text(max_size=15), checked(8, 12, 13, 14)))
def test_gtin_validity_agrees_with_stdnum(text: str) -> None:
    try:
        ours = read_gtin(text).length in FORMATS
    except NotAGtin:
        ours = False
    # stdnum forgives spaces and hyphens, and other scripts' digits; we take digits only.
    assert ours == (ean.is_valid(text) and text.isascii() and text.isdigit())


@given(checked(8, 12, 13, 14))
def test_gtin_14_forms_agree_with_biip(text: str) -> None:
    try:
        theirs = BiipGtin.parse(text)
    except biip.ParseError:
        return  # It refuses some prefixes, which are a matter of assignment and not of form.
    assert read_gtin(text).digits14 == theirs.as_gtin_14()


@given(checked(13), checked(18))
def test_glns_and_ssccs_agree_with_biip(gln: str, sscc: str) -> None:
    check_value(KEYS["414"], gln)
    assert Gln.parse(gln).value == gln
    check_value(KEYS["00"], sscc)
    assert Sscc.parse(sscc).value == sscc


@given(digits(13, 18))
def test_wrong_check_digits_agree_with_biip(text: str) -> None:
    key, parse = (KEYS["414"], Gln.parse) if len(text) == 13 else (KEYS["00"], Sscc.parse)
    expected = None
    try:
        check_value(key, text)
        ours = True
    except NotAnIdentifier as error:
        ours, expected = False, error.expected
    assert ours or expected == check_digit(text[:-1])
    try:
        parse(text)
        theirs = True
    except biip.ParseError:
        theirs = False
    assert ours == theirs


@given(checked(14), LOT, LOT)
def test_a_digital_link_round_trips(gtin: str, lot: str, serial: str) -> None:
    made = build_identifier("01", gtin, (("10", lot), ("21", serial)))
    assert read_digital_link(made.uri) == made
    assert read_digital_link(made.uri).uri == made.uri


@given(checked(14), st.text("-.0123456789AZ_az", min_size=1, max_size=20))
def test_normalised_digital_links_agree_with_biip(gtin: str, lot: str) -> None:
    given_link = f"https://example.com/shop/01/{gtin}/10/{lot}?17=261231"
    try:
        theirs = GS1DigitalLinkURI.parse(f"https://example.com/shop/01/{gtin}/10/{lot}")
    except biip.ParseError:
        return
    assert read_digital_link(given_link).uri == theirs.as_canonical_uri()


@given(st.text(max_size=80))
def test_arbitrary_text_is_rejected_without_an_exception(text: str) -> None:
    for attempt in (text, f"https://id.gs1.org/{text}", f"https://id.gs1.org/01/09506000134352/{text}"):
        with contextlib.suppress(NotAnIdentifier):
            read_digital_link(attempt)
