"""`POST /identifiers/validate`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from harness.answers import Answer
from harness.world import World

PATH = "/identifiers/validate"
LINKS = {
    "https://id.gs1.org/01/09506000134352": "/01/09506000134352",
    "http://shop.example:8080/a/b/01/9506000134352?17=261231#x": "/01/09506000134352",
    "https://id.gs1.org/gtin/09506000134352/lot/A%2fB/": "/01/09506000134352/10/A%2FB",
    "https://id.gs1.org/01/09506000134352/22/2A/10/ABC/21/01": "/01/09506000134352/22/2A/10/ABC/21/01",
    "https://id.gs1.org/01/09506000134352/10/414/21/8004": "/01/09506000134352/10/414/21/8004",
    "https://id.gs1.org/414/0614141123452/254/400": "/414/0614141123452/254/400",
    "https://id.gs1.org/8004/0614141%2312": None,
    "https://id.gs1.org/01/09506000134351": None,
    "https://id.gs1.org/01/09506000134352/21/1/10/2": None,
    "https://id.gs1.org/01/09506000134352/10/1/10/2": None,
    "https://id.gs1.org/01/09506000134352/10/%zz": None,
    "https://id.gs1.org/01/09506000134352/10/%C3%A4": None,
    "https://id.gs1.org/01/09506000134352/10/": None,
    "https://id.gs1.org/products/1": None,
    "urn:epc:id:sscc:0614141.1234567890": None,
    "https://[": None,
    "": None,
}
# The examples of the EPC Tag Data Standard §6.3 and of CBV 2.0 §8.9.
URNS = {
    "urn:epc:id:sgtin:0614141.112345.400": "/01/10614141123459/21/400",
    "urn:epc:id:sgtin:0614141.812345.32a%2Fb": "/01/80614141123458/21/32a%2Fb",
    "urn:epc:id:sgtin:0614141.812345.6.7": "/01/80614141123458/21/6.7",
    "urn:epc:id:sscc:0614141.1234567890": "/00/106141412345678908",
    "urn:epc:id:sgln:0614141.12345.400": "/414/0614141123452/254/400",
    "urn:epc:id:sgln:0614141.12345.0": "/414/0614141123452",
    "urn:epc:id:pgln:0614141.12345": "/417/0614141123452",
    "urn:epc:id:grai:0614141.12345.400": "/8003/00614141123452400",
    "urn:epc:id:giai:0614141.12345400": "/8004/061414112345400",
    "urn:epc:id:gsrn:0614141.1234567890": "/8018/061414112345678902",
    "urn:epc:id:gsrnp:0614141.1234567890": "/8017/061414112345678902",
    "urn:epc:id:gdti:0614141.12345.400": "/253/0614141123452400",
    "urn:epc:id:sgcn:4012345.67890.04711": "/255/401234567890104711",
    "urn:epc:id:cpi:0614141.123ABC.123456789": "/8010/0614141123ABC/8011/123456789",
    "urn:epc:id:itip:4012345.012345.01.02.987": "/8006/040123451234560102/21/987",
    "urn:epc:id:upui:1234567.089456.51qIgY)%3C%26Jp3*j7'SDB": "/01/01234567894560/235/51qIgY%29%3C%26Jp3%2Aj7%27SDB",
    "urn:epc:id:ginc:0614141.xyz47%2F11": "/401/0614141xyz47%2F11",
    "urn:epc:id:gsin:0614141.123456789": "/402/06141411234567890",
    "urn:epc:class:lgtin:4012345.012345.998877": "/01/04012345123456/10/998877",
    "urn:epc:idpat:sgtin:0614141.112345.*": "/01/10614141123459",
    "URN:EPC:ID:SSCC:0614141.1234567890": "/00/106141412345678908",
    "urn:epc:idpat:sgtin:0614141.112345.400": None,
    "urn:epc:idpat:sscc:0614141.*": None,
    "urn:epc:id:sgtin:0614141.112345": None,
    "urn:epc:id:sgtin:0614141.11234.400": None,
    "urn:epc:id:sgtin:0614141.112345.a/b": None,
    "urn:epc:id:sgtin:0614141.112345.a%41": None,
    "urn:epc:id:lgtin:4012345.012345.998877": None,
    "urn:epc:id:gid:1.2.3": None,
    "https://id.gs1.org/01/09506000134352": None,
}  # fmt: skip


def validate(world: World, *pairs: tuple[str, Any], **options: Any) -> Answer:
    body = {"identifiers": [{"type": kind, "value": value} for kind, value in pairs]}
    return world.api.post(PATH, bearer=world.owner.access, json=body, **options)


def one(world: World, kind: str, value: str) -> dict[str, Any]:
    [found] = validate(world, (kind, value)).expect(200).data()
    assert isinstance(found, dict)
    assert found["valid"] == (found["error"] is None)
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [("96385074", "GTIN_8"), ("614141123452", "GTIN_12"), ("4006381333931", "GTIN_13"), ("10614141123459", "GTIN_14")],
)
def test_gtins_of_every_length_are_valid(world: World, text: str, name: str) -> None:
    found = one(world, "gtin", text)
    assert found["normalized"] == text.rjust(14, "0")
    assert (found["format"], found["expectedCheckDigit"]) == (name, int(text[-1]))
    assert found["digitalLink"] == f"https://id.gs1.org/01/{text.rjust(14, '0')}"


def test_a_wrong_check_digit_is_reported_with_the_expected_one(world: World) -> None:
    for kind, text, digit in (
        ("gtin", "4006381333932", 1),
        ("gln", "0614141123451", 2),
        ("sscc", "106141412345678909", 8),
    ):
        found = one(world, kind, text)
        assert (found["valid"], found["expectedCheckDigit"], found["normalized"]) == (False, digit, None)


@pytest.mark.parametrize("text", ["", "4006381333931 ", "٤٠٠٦٣٨١٣٣٣٩٣١", "400638133393", "40063813339310", "-96385074"])
def test_malformed_gtins_are_invalid(world: World, text: str) -> None:
    assert not one(world, "gtin", text)["valid"]


def test_restricted_circulation_numbers_are_valid_with_a_warning(world: World) -> None:
    assert one(world, "gtin", "2000000000008")["warning"]
    assert one(world, "gtin", "4006381333931")["warning"] is None


@pytest.mark.parametrize(("kind", "cases"), [("digitalLink", LINKS), ("epcUrn", URNS)])
def test_digital_links_and_urns_are_normalised(world: World, kind: str, cases: dict[str, str | None]) -> None:
    found = validate(world, *((kind, text) for text in cases)).expect(200).data()
    normalized = {text: answer["normalized"] for text, answer in zip(cases, found, strict=True)}
    assert normalized == {text: path and f"https://id.gs1.org{path}" for text, path in cases.items()}


def test_up_to_a_thousand_identifiers_are_answered_in_order(world: World) -> None:
    good, bad = ("gtin", "96385074"), ("gtin", "96385075")
    found = validate(world, *([good, bad] * 500)).expect(200).data()
    assert [item["valid"] for item in found] == [True, False] * 500
    validate(world, *([good] * 1_001)).expect(422, "validation_failed")
    validate(world).expect(422, "validation_failed")
    validate(world, ("isbn", "9780306406157")).expect(422, "validation_failed")


def test_a_repeated_request_is_replayed(world: World) -> None:
    good, bad, key = ("gtin", "96385074"), ("gtin", "96385075"), {"Idempotency-Key": str(uuid4())}
    first = validate(world, good, bad, headers=key).expect(200)
    again = validate(world, good, bad, headers=key).expect(200)
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert again.data() == first.data()
    validate(world, bad, good, headers=key).expect(422, "idempotency_key_reused")
    validate(world, good, headers={"Idempotency-Key": ""}).expect(400, "invalid_request")
    body = {"identifiers": [{"type": "gtin", "value": "96385074"}]}
    world.api.post(PATH, bearer=world.other_owner.access, json=body, headers=key).expect(200)


def test_validation_needs_a_reading_scope(world: World) -> None:
    body = {"identifiers": [{"type": "gtin", "value": "96385074"}]}
    world.api.post(PATH, json=body).expect(401, "invalid_token")
    world.api.post(PATH, bearer=world.token("products:write"), json=body).expect(403, "insufficient_scope")
    world.api.post(PATH, bearer=world.token("products:read"), json=body).expect(200)
