"""One item has many notations, and a query finds its events by each of them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epcis.captured import capture, event, find, ids_of, segment, unique
from harness.world import World
from linkxg.catalog.identifiers.check_digit import check_digit

SERIALS = st.text("ABCxyz0189-_.!'()*+,:;=%&/<>?\"", min_size=1, max_size=12)
PREFIXES = st.sampled_from(["4012345", "061414100777", "952000"])
HOSTS = st.sampled_from(["https://id.gs1.org", "https://example.com", "http://dpp.example.org/some/path"])


def urn(kind: str, prefix: str, reference: str, serial: str) -> str:
    escaped = "".join(f"%{ord(sign):02X}" if sign in '"%&/<>?#' else sign for sign in serial)
    return f"urn:epc:{kind}:{prefix}.{reference}.{escaped}"


def link(host: str, prefix: str, reference: str, serial: str, ai: str = "21") -> str:
    digits = reference[0] + prefix + reference[1:]
    return f"{host}/01/{digits}{check_digit(digits)}/{ai}/{quote(serial, safe='')}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prefix=PREFIXES, serial=SERIALS, indicator=st.sampled_from("0149"), host=HOSTS, by_urn=st.booleans())
def test_urn_and_link_on_any_host_and_pattern_find_the_same_events(
    world: World, prefix: str, serial: str, indicator: str, host: str, by_urn: bool
) -> None:
    reference = indicator + "7" * (12 - len(prefix))
    identity = urn("id:sgtin", prefix, reference, serial)
    links = [link(each, prefix, reference, serial) for each in ("https://id.gs1.org", host)]
    order = unique("order")
    marks = [{"type": "po", "bizTransaction": order}]
    sent = identity if by_urn else links[1]
    [one] = capture(world, event(epcList=[sent], bizTransactionList=marks))
    gtin = links[0].partition("/21/")[0]
    for name in ("MATCH_epc", "MATCH_anyEPC"):
        for asked in (identity, *links, f"urn:epc:idpat:sgtin:{prefix}.{reference}.*", gtin,
                      host + gtin.removeprefix("https://id.gs1.org")):  # fmt: skip
            found = find(world, **{name: asked, "EQ_bizTransaction_po": order})
            assert ids_of(found) == [one], (name, asked, sent)
    assert one in ids_of(find(world, f"/epcs/{segment(links[1])}/events"))


def test_a_pattern_matches_its_own_items_alone(world: World) -> None:
    order = unique("order")
    marks = [{"type": "po", "bizTransaction": order}]
    base = link("https://id.gs1.org", "4012345", "012345", "x").partition("/21/")[0]
    other = link("https://id.gs1.org", "4012345", "112345", "x").partition("/21/")[0]
    ids = capture(
        world,
        event(epcList=[f"{base}/21/1"], bizTransactionList=marks),
        event(epcList=[f"{other}/21/1"], bizTransactionList=marks),
        event(epcList=None, quantityList=[{"epcClass": f"{base}/10/L1", "quantity": 1}], bizTransactionList=marks),
        event(epcList=None, quantityList=[{"epcClass": base, "quantity": 1}], bizTransactionList=marks),
    )

    def found(**query: str) -> set[str]:
        return set(ids_of(find(world, EQ_bizTransaction_po=order, **query)))

    assert found(MATCH_epc=base) == {ids[0]}
    assert found(MATCH_epc="urn:epc:idpat:sgtin:4012345.*.*") == {ids[0], ids[1]}
    assert found(MATCH_epc=f"{base}|{other}") == {ids[0], ids[1]}
    assert found(MATCH_epcClass=base) == {ids[2], ids[3]}
    assert found(MATCH_epcClass=f"{base}/10/L1") == {ids[2]}
    assert found(MATCH_epcClass="urn:epc:class:lgtin:4012345.012345.L1") == {ids[2]}


@pytest.mark.parametrize("scheme", ["sscc", "sgln", "grai", "giai"])
def test_other_keys_have_one_identity_in_both_notations(world: World, scheme: str) -> None:
    gln, sscc = "0614141007776", "10614141234567890"
    pairs = {
        "sscc": ("urn:epc:id:sscc:0614141.1234567890", f"https://example.com/00/{sscc}{check_digit(sscc)}"),
        "sgln": ("urn:epc:id:sgln:0614141.00777.5", f"https://example.com/414/{gln}/254/5"),
        "grai": ("urn:epc:id:grai:0614141.00777.S1", f"https://example.com/8003/0{gln}S1"),
        "giai": ("urn:epc:id:giai:0614141.A5", "https://example.com/8004/0614141A5"),
    }  # fmt: skip
    identity, address = pairs[scheme]
    order = unique("order")
    ids = capture(
        world,
        *(
            event(epcList=[each], bizTransactionList=[{"type": "po", "bizTransaction": order}])
            for each in pairs[scheme]
        ),
    )
    for asked in (identity, address):
        assert set(ids_of(find(world, MATCH_epc=asked, EQ_bizTransaction_po=order))) == set(ids)
