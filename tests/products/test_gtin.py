"""GTIN recognition and check digits. GS1 General Specifications §7.9."""

from __future__ import annotations

import pytest

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin

# Published examples: of GS1's check digit calculator and EPC Tag Data Standard, and well-known product codes.
KNOWN = [
    ("96385074", "00000096385074"),
    ("12345670", "00000012345670"),
    ("036000291452", "00036000291452"),
    ("012345678905", "00012345678905"),
    ("614141000036", "00614141000036"),
    ("4006381333931", "04006381333931"),
    ("5901234123457", "05901234123457"),
    ("6291041500213", "06291041500213"),
    ("10614141000415", "10614141000415"),
    ("80614141123458", "80614141123458"),
    ("00012345600012", "00012345600012"),
]


@pytest.mark.parametrize(("text", "padded"), KNOWN)
def test_valid_gtins_are_parsed(text: str, padded: str) -> None:
    assert read_gtin(text) == (padded, len(text))
    assert check_digit(text[:-1]) == int(text[-1])


@pytest.mark.parametrize(("text", "padded"), KNOWN)
def test_padding_changes_no_check_digit(text: str, padded: str) -> None:
    assert check_digit(padded[:-1]) == int(text[-1])


@pytest.mark.parametrize("text", [text for text, _ in KNOWN])
def test_every_single_digit_error_is_detected(text: str) -> None:
    for place, digit in enumerate(text):
        for wrong in "0123456789".replace(digit, ""):
            with pytest.raises(NotAGtin, match="check digit"):
                read_gtin(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1234567",
        "123456789",
        "12345678901",
        "004006381333931",
        "4006381333931 ",
        " 4006381333931",
        "4006381333931\n",
        "400638133393X",
        "4006-38133393",
        "-406381333931",
        "+406381333931",
        "4.06381333931",
        "٤٠٠٦٣٨١٣٣٣٩٣١",
        "４００６３８１３３３９３１",
        "4006381333³31",
    ],
)
def test_texts_other_than_digits_are_rejected(text: str) -> None:
    with pytest.raises(NotAGtin, match="digits and nothing else"):
        read_gtin(text)


def test_the_expected_check_digit_is_reported() -> None:
    with pytest.raises(NotAGtin, match=r"should be 1\."):
        read_gtin("4006381333930")
