"""One item whatever the notation, at the right level, and found by patterns."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.items import UriPattern, item_patterns, normal_uri, read_class, read_item
from linkxg.network.epcis.documents.model import Item, Level

SERIAL = st.text("!()*+,-./0123456789:;=_AZaz'&%<>?\"", min_size=1, max_size=20)
_ESCAPED_IN_URNS = '%"&/<>?#'
GTIN = "10614141073464"


def escaped(value: str, characters: str) -> str:
    return "".join(f"%{ord(one):02X}" if one in characters else one for one in value)


def everything_escaped(value: str) -> str:
    return "".join(f"%{ord(one):02x}" for one in value)


def matches(pattern: UriPattern, uri: str) -> bool:
    return uri == pattern.exact if pattern.exact is not None else uri.startswith(pattern.prefix or "")


@given(SERIAL)
def test_urn_and_digital_links_of_any_host_are_one_item(serial: str) -> None:
    urn = f"urn:epc:id:sgtin:0614141.107346.{escaped(serial, _ESCAPED_IN_URNS)}"
    assume(len(urn) < 200)
    links = [
        f"https://id.gs1.org/01/{GTIN}/21/{everything_escaped(serial)}",
        f"http://shop.example/01/{GTIN}/10/LOT/21/{everything_escaped(serial)}",
        f"https://shop.example/some/path/01/{GTIN}/22/V/21/{everything_escaped(serial)}?17=261231#x",
    ]
    item = read_item(urn)
    assert (item.level, item.gtin14, item.serial) == (Level.INSTANCE, GTIN, serial)
    for link in links:
        assert read_item(link)._replace(lot=None) == item
    assert read_item(item.uri) == item


@given(SERIAL, st.integers(6, 12))
def test_patterns_match_in_the_same_way_as_notations(serial: str, length: int) -> None:
    digits = "0614141073467"[:12]
    prefix, reference = digits[:length], digits[length:]
    urn = f"urn:epc:id:sgtin:{prefix}.1{reference}.{escaped(serial, _ESCAPED_IN_URNS)}"
    uri = read_item(urn).uri
    assert item_patterns(f"urn:epc:idpat:sgtin:{prefix}.1{reference}.*") == item_patterns(uri.partition("/21/")[0])
    for pattern in (f"{prefix}.1{reference}.*", f"{prefix}.*.*", "*.*.*"):
        assert any(matches(one, uri) for one in item_patterns(f"urn:epc:idpat:sgtin:{pattern}")), pattern
    assert not any(matches(one, uri) for one in item_patterns("urn:epc:idpat:sgtin:9521141.*.*"))


@pytest.mark.parametrize(
    ("pattern", "epc"),
    [
        ("urn:epc:idpat:sscc:0614141.*", "urn:epc:id:sscc:0614141.1234567890"),
        ("urn:epc:idpat:sgln:0614141.12345.*", "urn:epc:id:sgln:0614141.12345.400"),
        ("urn:epc:idpat:sgln:0614141.*.*", "urn:epc:id:sgln:0614141.12345.0"),
        ("urn:epc:idpat:grai:0614141.12345.*", "urn:epc:id:grai:0614141.12345.400"),
        ("urn:epc:idpat:grai:0614141.*.*", "urn:epc:id:grai:0614141.12345.400"),
        ("urn:epc:idpat:giai:0614141.*", "urn:epc:id:giai:0614141.12345400"),
        ("urn:epc:idpat:gdti:0614141.12345.*", "urn:epc:id:gdti:0614141.12345.400"),
        ("urn:epc:idpat:cpi:0614141.123ABC.*", "urn:epc:id:cpi:0614141.123ABC.123"),
        ("urn:epc:idpat:itip:4012345.012345.01.02.*", "urn:epc:id:itip:4012345.012345.01.02.987"),
        ("urn:epc:idpat:itip:4012345.012345.*.*.*", "urn:epc:id:itip:4012345.012345.01.02.987"),
        ("urn:epc:idpat:upui:1234567.089456.*", "urn:epc:id:upui:1234567.089456.51qIgY"),
        ("urn:epc:idpat:gid:95100000.12345.*", "urn:epc:id:gid:95100000.12345.400"),
    ],
)
def test_a_pattern_finds_its_epcs(pattern: str, epc: str) -> None:
    uri = read_item(epc).uri
    assert any(matches(one, uri) for one in item_patterns(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "urn:epc:idpat:sgtin:0614141.*.2018",
        "urn:epc:idpat:sgtin:*.107346.*",
        "urn:epc:idpat:sgtin:0614141.*",
        "urn:epc:idpat:x:*",
    ],
)
def test_a_malformed_pattern_is_rejected(pattern: str) -> None:
    with pytest.raises(NotAnIdentifier):
        item_patterns(pattern)


@pytest.mark.parametrize(
    ("uri", "level"),
    [
        (f"https://id.gs1.org/01/{GTIN}", Level.CLASS),
        (f"https://id.gs1.org/01/{GTIN}/22/V", Level.CLASS),
        (f"https://id.gs1.org/01/{GTIN}/10/L", Level.LOT),
        (f"https://id.gs1.org/01/{GTIN}/10/L/21/S", Level.INSTANCE),
        (f"https://id.gs1.org/01/{GTIN}/235/S", Level.INSTANCE),
        ("https://id.gs1.org/gtin/09780345418913", Level.CLASS),
        ("urn:epc:idpat:sgtin:0614141.107346.*", Level.CLASS),
        ("urn:epc:class:lgtin:4012345.012345.998877", Level.LOT),
        ("urn:epc:id:sscc:0614141.1234567890", Level.INSTANCE),
        ("urn:epc:id:giai:0614141.12345400", Level.INSTANCE),
        ("urn:epc:id:grai:0614141.12345.400", Level.INSTANCE),
        ("urn:epc:idpat:grai:0614141.12345.*", Level.CLASS),
        ("urn:epc:idpat:gdti:0614141.12345.*", Level.CLASS),
        ("urn:epc:idpat:cpi:0614141.123ABC.*", Level.CLASS),
        ("urn:epc:idpat:itip:4012345.012345.01.02.*", Level.CLASS),
        ("urn:epc:id:sgln:0614141.12345.0", Level.INSTANCE),
        ("urn:epc:id:gid:95100000.12345.400", Level.INSTANCE),
    ],
)
def test_the_level_of_an_item(uri: str, level: Level) -> None:
    found = identify(uri)
    assert isinstance(found, Item)
    assert found.level == level
    (read_item if level is Level.INSTANCE else read_class)(uri)
    with pytest.raises(NotAnIdentifier):
        (read_class if level is Level.INSTANCE else read_item)(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/x",
        "https://example.com/01/invoice",
        "https://example.com/orders/00/4711?q=a%2fb",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "URN:example:Case%2fKept",
    ],
)
def test_a_private_uri_is_kept_byte_for_byte(uri: str) -> None:
    assert read_item(uri) == Item(uri, Level.INSTANCE)
    assert read_class(uri) == Item(uri, Level.LOT)
    assert item_patterns(uri) == (UriPattern(exact=uri),)


@pytest.mark.parametrize(
    "uri",
    [
        "https://id.gs1.org/01/10614141073465/21/2018",
        "https://shop.example/01/10614141073465/21/2018",
        "https://id.gs1.org/414/4012345000116",
        "https://id.gs1.org/00/106141412345678909",
        "https://id.gs1.org/nothing",
        "urn:epc:id:sgtin:0614141.10734.2018",
        "urn:epc:tag:sgtin-96:3.0614141.107346.2018",
    ],
)
def test_a_wrong_identifier_is_rejected(uri: str) -> None:
    with pytest.raises(NotAnIdentifier):
        normal_uri(uri)


@given(
    st.text(max_size=60),
    st.sampled_from(["", "urn:epc:id:", "urn:epc:idpat:sgtin:", "https://id.gs1.org/01/", "https://a.example/01/"]),
)
def test_arbitrary_text_never_raises_anything_else(text: str, start: str) -> None:
    for read in (read_item, read_class, normal_uri, item_patterns):
        with contextlib.suppress(NotAnIdentifier):
            read(start + text)


def test_the_check_digit_of_patterns_is_that_of_the_key() -> None:
    [exact, *_] = item_patterns("urn:epc:idpat:sgtin:0614141.107346.*")
    assert exact.exact == f"https://id.gs1.org/01/106141410734{6}{check_digit('1061414107346')}"
