"""Identifiers of an answer in the form that a client asks for."""

from __future__ import annotations

import pytest

from epcis.vectors import event
from linkxg.network.epcis.documents.items import normal_uri
from linkxg.network.epcis.documents.urn import to_digital_link, with_digital_links

URNS = [
    "urn:epc:id:sgtin:0614141.812345.32a%2Fb",
    "urn:epc:class:lgtin:0614141.812345.L%26",
    "urn:epc:idpat:sgtin:0614141.812345.*",
    "urn:epc:id:sscc:0614141.1234567890",
    "urn:epc:id:sgln:0614141.12345.400",
    "urn:epc:id:sgln:0614141.12345.0",
    "urn:epc:id:pgln:0614141.12345",
    "urn:epc:id:grai:0614141.12345.400",
    "urn:epc:idpat:grai:0614141.12345.*",
    "urn:epc:id:giai:0614141.12345400",
    "urn:epc:id:gsrn:0614141.1234567890",
    "urn:epc:id:gsrnp:0614141.1234567890",
    "urn:epc:id:gdti:0614141.12345.400",
    "urn:epc:id:sgcn:0614141.67890.04711",
    "urn:epc:id:cpi:0614141.123ABC.123456789",
    "urn:epc:idpat:cpi:0614141.123ABC.*",
    "urn:epc:id:itip:0614141.012345.01.02.987",
    "urn:epc:id:upui:0614141.089456.51qIgY)%3C%26Jp3*j7'SDB",
    "urn:epc:id:ginc:0614141.xyz47%2F11",
    "urn:epc:id:gsin:0614141.123456789",
]


@pytest.mark.parametrize("urn", URNS)
def test_every_urn_has_a_digital_link_for_the_same_item(urn: str) -> None:
    link = to_digital_link(urn)
    assert link.startswith("https://id.gs1.org/")
    assert normal_uri(link) == normal_uri(urn)
    assert to_digital_link(link) == link


@pytest.mark.parametrize("uri", ["https://shop.example/01/10614141073464/21/A", "https://example.com/x", "urn:uuid:1"])
def test_other_uris_are_not_translated(uri: str) -> None:
    assert to_digital_link(uri) == uri


@pytest.mark.parametrize("type", ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent"])
def test_every_identifier_of_an_event_is_translated(type: str) -> None:
    sent = event(
        type,
        readPoint={"id": "urn:epc:id:sgln:0614141.12345.0", "example:x": "urn:epc:id:sgln:0614141.12345.0"},
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:0614141.12345"}],
        certificationInfo="https://example.com/cert",
    )
    links = with_digital_links(sent)
    assert links["readPoint"]["id"] == normal_uri(sent["readPoint"]["id"])
    assert links["readPoint"]["example:x"] == sent["readPoint"]["example:x"]
    assert "urn:epc:" not in str({name: value for name, value in links.items() if name != "readPoint"})
    assert with_digital_links(links) == links
