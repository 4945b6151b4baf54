"""The CBV 2.0 event hash equals the published hashes, and depends on what an event says alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epcis.vectors import contexts, event, params, texts_of
from linkxg.http import strict_json
from linkxg.network.epcis.documents.event_hash import event_hash, hash_text


@pytest.mark.parametrize("path", params("event-hash/*.jsonld"))
def test_the_published_hashes_are_met(path: Path) -> None:
    texts, found = texts_of(path)
    assert [event_hash(strict_json.parse(text), found) for text in texts] == path.with_suffix(
        ".hashes"
    ).read_text().split()


@pytest.mark.parametrize(
    "same",
    [
        {"eventTime": "2026-03-04T10:00:30Z"},
        {"eventTime": "2026-03-04T10:00:30.0000001Z"},
        {"recordTime": "2026-03-05T10:00:30Z", "eventID": "urn:uuid:3f1c"},
        {"errorDeclaration": {"declarationTime": "2026-03-05T10:00:30Z", "reason": "incorrect_data"}},
        {"rdfs:comment": "A remark"},
        {"@context": [{"other": "https://other.example/"}]},
        {"epcList": ["https://id.gs1.org/01/10614141073464/21/2018"]},
        {"epcList": ["https://shop.example/a/b/01/10614141073464/10/L1/21/2018?17=261231"]},
    ],
)
def test_the_same_event_in_another_notation_has_the_same_hash(same: dict[str, Any]) -> None:
    assert event_hash(event(**same), contexts()) == event_hash(event(), contexts())


@pytest.mark.parametrize(
    "other",
    [
        {"eventTime": "2026-03-04T10:00:30.001Z"},
        {"eventTimeZoneOffset": "+02:00"},
        {"epcList": ["urn:epc:id:sgtin:0614141.107346.2019"]},
        {"action": "ADD"},
        {"bizStep": "shipping"},
        {"example:field": "x"},
        {"quantityList": [{"epcClass": "urn:epc:idpat:sgtin:0614141.107346.*", "quantity": 1}]},
    ],
)
def test_another_event_has_another_hash(other: dict[str, Any]) -> None:
    assert event_hash(event(**other), contexts()) != event_hash(event(), contexts())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.0, "1"),
        (26.10, "26.1"),
        ("007", "7"),
        ("12345678901234567891", "12345678901234567891"),
        (True, "true"),
        ("AB-12", "AB-12"),
        ("urn:epc:id:giai:4000001.111", "https://id.gs1.org/8004/4000001111"),
        ("urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("example:word", "https://ns.example.com/epcis/word"),
        ("inf", "inf"),
    ],
)
def test_extension_values_are_hashed_in_their_normal_form(value: Any, written: str) -> None:
    text = hash_text(event(**{"example:field": value}), contexts())
    assert text.endswith(f"{{https://ns.example.com/epcis/}}field={written}")


def test_words_are_hashed_as_uris_in_every_notation() -> None:
    bare, linked, short = (
        hash_text(event(bizStep=word), contexts())
        for word in ("shipping", "https://ref.gs1.org/cbv/BizStep-shipping", "cbv:BizStep-shipping")
    )
    assert bare == linked == short
    assert "bizStep=https://ref.gs1.org/cbv/BizStep-shipping" in bare


def test_an_extension_follows_the_field_that_it_is_in() -> None:
    place = {"id": "urn:epc:id:sgln:4012345.00011.0", "example:myField": "AB-12"}
    text = hash_text(event(readPoint=place, **{"example:top": "1"}), contexts())
    assert "readPointid=https://id.gs1.org/414/4012345000115{https://ns.example.com/epcis/}myField=AB-12" in text
    assert text.endswith("{https://ns.example.com/epcis/}top=1")


@given(st.permutations([f"urn:epc:id:sgtin:0614141.107346.{serial}" for serial in range(6)]))
def test_the_order_of_a_list_does_not_matter(epcs: list[str]) -> None:
    assert event_hash(event(epcList=epcs), contexts()) == event_hash(event(epcList=sorted(epcs)), contexts())


@given(st.permutations(list(event(bizStep="shipping", **{"example:b": 1, "example:a": ["y", "x"]}).items())))
def test_the_order_of_members_does_not_matter(members: list[tuple[str, Any]]) -> None:
    assert event_hash(dict(members), contexts()) == event_hash(dict(sorted(members)), contexts())
