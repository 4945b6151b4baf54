"""Every passport is a valid Digital Product Passport of UNTP 0.7.0, whatever its reader may see."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dppvalidator.validators import ValidationEngine
from jsonschema_rs import Draft202012Validator

from epcis.vectors import FOLDER
from harness.answers import JsonObject
from harness.world import World
from passports.contents import FULL
from passports.reading import CREDENTIAL, issued, read_by_id
from products.catalogue import complete

REQUIRED = ("name", "category", "facility", "countryOfProduction")


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    path = FOLDER / "untp" / "schema" / "0.7.0" / "DigitalProductPassport.json"
    if not path.exists():
        pytest.skip("the schema of UNTP 0.7.0 is not there")
    return Draft202012Validator(json.loads(path.read_text()), validate_formats=True)


def faults(schema: Draft202012Validator, credential: JsonObject) -> list[tuple[str, str]]:
    return [(str(error.instance_path), error.message) for error in schema.iter_errors(credential)]


def credential(world: World, passport_id: str, **options: Any) -> JsonObject:
    answer = read_by_id(world, passport_id, accept=CREDENTIAL, **options).expect(200)
    assert answer.header("content-type") == CREDENTIAL
    return answer.object()


@pytest.mark.parametrize("members", [{}, FULL, {"access": dict.fromkeys(REQUIRED, "restricted")}], ids=str)
def test_every_passport_is_valid_by_the_schema(world: World, schema: Draft202012Validator, members: JsonObject) -> None:
    _, passport_id = issued(world, **members)
    for options in ({}, {"bearer": world.owner.access}):
        assert faults(schema, credential(world, passport_id, **options)) == []


def test_another_validator_finds_no_error(world: World) -> None:
    """Without `credentialStatus`, of which dppvalidator 0.5.1 accepts neither form: see docs/passports.md."""
    engine = ValidationEngine()
    for members in ({}, FULL):
        _, passport_id = issued(world, **members)
        for options in ({}, {"bearer": world.owner.access}):
            found = credential(world, passport_id, **options)
            del found["credentialStatus"]
            result = engine.validate(found)
            assert result.valid, result.errors


def test_the_passport_of_a_batch_is_valid_by_the_schema(world: World, schema: Draft202012Validator) -> None:
    product, _ = issued(world, **FULL)
    given = {"passports": [{"lot": "L/1", "serial": "S-1", "productionDate": "2026-11-01"}]}
    where = f"/products/{product['id']}/passports"
    made = world.api.post(where, bearer=world.owner.access, json=given).expect(201).data()
    found = credential(world, made[0]["id"])
    assert faults(schema, found) == []
    subject = found["credentialSubject"]
    assert subject["id"] == f"https://id.gs1.org/01/{product['gtin']}/10/L%2F1/21/S-1"
    assert (subject["batchNumber"], subject["itemNumber"], subject["idGranularity"]) == ("L/1", "S-1", "item")
    assert subject["productionDate"] == "2026-11-01"


def test_members_of_a_product_are_where_untp_has_them(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    subject = credential(world, passport_id)["credentialSubject"]
    assert subject["dimensions"]["weight"] == {"value": 1, "unit": "KGM"}
    assert subject["materialProvenance"][0]["originCountry"] == {"countryCode": "SE", "countryName": "Sweden"}
    assert subject["relatedParty"][0]["party"]["id"] == "https://id.gs1.org/417/4012345000009"
    assert subject["producedAtFacility"]["id"] == "https://id.gs1.org/414/4012345000009"
    assert [claim["name"] for claim in subject["performanceClaim"]] == ["Recyclable", "Fair", "Power", "Score"]
    assert subject["performanceClaim"][0]["evidence"][0]["digestMultibase"] == "uEiA" + "A" * 43
    assert [link["linkName"] for link in subject["relatedDocument"]] == ["Manual"]


def test_what_must_be_there_and_is_withheld_is_a_placeholder(world: World) -> None:
    members = complete()
    _, passport_id = issued(world, access={name: ["authority"] for name in REQUIRED}, **members)
    found = credential(world, passport_id)
    text = json.dumps(found)
    for secret in (members["category"]["code"], members["facility"]["gln"], "Hex bolt", '"DE"'):
        assert secret not in text
    assert found["credentialSubject"]["producedAtFacility"]["name"] == "Withheld"
    assert sorted(found["withheld"]) == sorted(REQUIRED)


def test_attributes_are_no_keywords_of_json_ld(world: World) -> None:
    """A processor would load what a `@context` names."""
    attributes = {"@context": "https://evil.example/", "in": [{"@id": 1}]}
    _, passport_id = issued(world, attributes=attributes)
    found = credential(world, passport_id)["credentialSubject"]["characteristics"]
    assert (found["_context"], found["in"]) == ("https://evil.example/", [{"_id": 1}])
    assert read_by_id(world, passport_id).data()["content"]["attributes"] == attributes


def test_the_former_media_type_gives_the_same(world: World) -> None:
    _, passport_id = issued(world)
    found = credential(world, passport_id)
    for accept in ("application/vc+ld+json", "application/ld+json"):
        answer = read_by_id(world, passport_id, accept=accept).expect(200)
        assert answer.header("content-type") == accept
        assert answer.object() == found
