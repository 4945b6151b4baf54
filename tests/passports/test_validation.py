"""A passport is validated by its schema and by its meaning; every finding says where and what."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from epcis.vectors import FOLDER
from harness.answers import JsonObject
from harness.world import World
from passports.contents import FULL
from passports.reading import CREDENTIAL, issued, read_by_id

SAMPLES = FOLDER / "untp" / "samples"


def validated(world: World, passport: JsonObject) -> JsonObject:
    answer = world.api.post("/dpp/validate", bearer=world.owner.access, json=passport)
    found: JsonObject = answer.expect(200).data()
    return found


def passport(world: World) -> JsonObject:
    return read_by_id(world, issued(world, **FULL)[1], accept=CREDENTIAL).expect(200).object()


def set_at(*path: str | int, to: Any) -> Callable[[JsonObject], None]:
    def change(document: JsonObject) -> None:
        place: Any = document
        for one in path[:-1]:
            place = place[one]
        if to is None:
            del place[path[-1]]
        else:
            place[path[-1]] = to

    return change


SUBJECT = "credentialSubject"
MATERIAL = (SUBJECT, "materialProvenance", 0)


def test_what_is_emitted_is_valid(world: World) -> None:
    found = validated(world, passport(world))
    assert [one for one in found["findings"] if one["severity"] == "error"] == []
    assert found["valid"]


@pytest.mark.parametrize(
    ("path", "to", "code", "pointer"),
    [
        ((SUBJECT, "name"), None, "required", "/credentialSubject/name"),
        ((*MATERIAL, "massFraction"), 1.2, "mass_fractions", "/credentialSubject/materialProvenance"),
        ((*MATERIAL, "originCountry", "countryCode"), "XX", "country",
         "/credentialSubject/materialProvenance/0/originCountry/countryCode"),
        ((SUBJECT, "dimensions", "weight", "unit"), "kilo", "unit", "/credentialSubject/dimensions/weight/unit"),
        ((SUBJECT, "dimensions", "weight", "type"), ["Measure"], "unknown_field",
         "/credentialSubject/dimensions/weight/type"),
        ((SUBJECT, "idGranularity"), "item", "granularity", "/credentialSubject/itemNumber"),
        ((SUBJECT, "idGranularity"), "batch", "granularity", "/credentialSubject/batchNumber"),
        ((SUBJECT, "id"), "https://id.gs1.org/01/09506000134353", "identifier", "/credentialSubject/id"),
        (("validUntil",), "2001-01-01T00:00:00Z", "date_order", "/validUntil"),
        (("@context",), ["https://www.w3.org/ns/credentials/v2"], "version", "/@context"),
    ],
)  # fmt: skip
@pytest.mark.any_engine
def test_each_fault_is_found_where_it_is(world: World, path: tuple[Any, ...], to: Any, code: str, pointer: str) -> None:
    document = deepcopy(passport(world))
    set_at(*path, to=to)(document)
    found = validated(world, document)
    assert not found["valid"]
    errors = [(one["code"], one["pointer"]) for one in found["findings"] if one["severity"] == "error"]
    assert (code, pointer) in errors
    assert all(one["message"].endswith((".", "]", '"', "}")) or one["code"] == "schema" for one in found["findings"])


@pytest.mark.any_engine
def test_an_unknown_but_well_formed_unit_is_a_warning(world: World) -> None:
    document = passport(world)
    set_at(SUBJECT, "dimensions", "weight", "unit", to="X9Z")(document)
    found = validated(world, document)
    assert found["valid"]
    assert ("warning", "unit") in [(one["severity"], one["code"]) for one in found["findings"]]


@pytest.mark.any_engine
@pytest.mark.parametrize("document", [{}, {"credentialSubject": []}, {"credentialSubject": {"materialProvenance": 1}}])
def test_any_object_is_answered(world: World, document: JsonObject) -> None:
    assert not validated(world, document)["valid"]


@pytest.mark.any_engine
def test_findings_are_bounded_and_need_the_scope(world: World) -> None:
    many = passport(world)
    many[SUBJECT]["materialProvenance"] = [{} for _ in range(400)]
    assert len(validated(world, many)["findings"]) == 100
    world.api.post("/dpp/validate", json={}).expect(401, "invalid_token")
    world.api.post("/dpp/validate", bearer=world.token("products:read"), json={}).expect(403, "insufficient_scope")


@pytest.mark.any_engine
@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples of UNTP are not there")
def test_the_samples_of_untp_are_valid(world: World) -> None:
    for file in (*SAMPLES.glob("DigitalProductPassport*.json"), SAMPLES / "linkxg-batch-passport.json"):
        found = validated(world, json.loads(file.read_text()))
        schema = [one for one in found["findings"] if one["severity"] == "error"]
        assert schema == [], file.name


def test_a_byte_order_mark_and_crlf_as_tools_write_them_are_no_fault(world: World) -> None:
    text = json.dumps(passport(world), indent=2).replace("\n", "\r\n")
    headers = {"Content-Type": "application/json"}
    sent = b"\xef\xbb\xbf" + text.encode()
    answer = world.api.post("/dpp/validate", bearer=world.owner.access, content=sent, headers=headers)
    assert answer.expect(200).data()["valid"]


@pytest.mark.parametrize("name", ["ConformityCredential_instance", "DigitalIdentityAnchor_mine_instance"])
def test_another_credential_is_named_instead_of_measured_by_the_wrong_schema(world: World, name: str) -> None:
    found = validated(world, json.loads((SAMPLES / f"{name}.json").read_text()))
    (finding,) = found["findings"]
    assert (found["valid"], finding["code"], finding["pointer"]) == (False, "type", "/type")
    assert "not a DigitalProductPassport" in finding["message"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{\n  "type": [1,\n  ],\n}', "at line 3, column 3: remove the comma after the last entry"),
        (b'{"a": "x\\y"}', "at line 1, column 9: a backslash in a text must be doubled"),
        (b"{'a': 1}", "at line 1, column 2."),
        (b"", "not valid JSON"),
        (b'{"a": 1, "a": 2}', "repeated"),
    ],
)
def test_broken_json_is_located(world: World, raw: bytes, says: str) -> None:
    headers = {"Content-Type": CREDENTIAL}
    answer = world.api.request("POST", "/dpp/validate", bearer=world.owner.access, content=raw, headers=headers)
    described = str(answer.expect(400, "invalid_request").object()["error_description"])
    assert says in described
    assert described.isascii()
    assert not set(described) & set('"\\\\')
