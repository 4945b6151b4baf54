"""Every passport that is emitted, of every granularity and to every set of roles, is valid, signed, and revocable.

Valid by the schema of UNTP 0.7.0 and by dppvalidator; verified by PyJWT with the key of the DID document, which is
fetched over HTTP; revoked by the bit of its status list, fetched alike. Security rules 242 and 243.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dppvalidator.validators import ValidationEngine
from jsonschema_rs import Draft202012Validator

from harness.answers import JsonObject
from harness.world import World
from network.sharing import end_shares, share
from passports.contents import FULL
from passports.granting import granted, opened, path_of
from passports.reading import CREDENTIAL, JWT, decoded, issued, read_by_id
from passports.signatures import status_bit, verified
from passports.test_untp import faults, schema
from passports.units import end, issue
from products.catalogue import withdraw

pytestmark = pytest.mark.any_engine

__all__ = ["schema"]
SETS: JsonObject = {
    "brand": ["authority"], "materials": ["legitimateInterest"], "facility": ["legitimateInterest", "authority"],
    "category": ["authority"], "attributes.cells": ["legitimateInterest"], "claims": ["authority"],
    "journey": ["authority"],
}  # fmt: skip
VIEWERS: dict[str, list[str]] = {
    "anybody": ["public"],
    "partner": ["public"],
    "interested": ["public", "legitimateInterest"],
    "authority": ["public", "authority"],
    "both": ["public", "legitimateInterest", "authority"],
    "owner": ["public", "legitimateInterest", "authority", "owner"],
}
CONTENTS: dict[str, JsonObject] = {"least": {}, "full": FULL, "restricted": FULL | {"access": SETS}}
UNITS: tuple[JsonObject, ...] = (
    {"lot": "L/1", "productionDate": "2026-11-01", "expiryDate": "2030-01-01"},
    {"serial": "S-1", "attributes": {"weighed": 1.5}, "access": {"attributes.weighed": ["authority"]}},
    {"lot": "L/1", "serial": "S-2"},
    {"serial": "S-3", "lifeStatus": "re-used", "predecessor": "https://former.example/dpp/1"},
)


@pytest.fixture(params=CONTENTS)
def emitted(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[JsonObject, list[str]]]:
    """A product, and the ids of the passports of its model, batches and items."""
    end_shares(world)
    product, model = issued(world, **CONTENTS[request.param])
    units = issue(world, product, *UNITS).expect(201).data()
    yield product, [model, *(one["id"] for one in units)]
    end_shares(world)


def bearers(world: World, product: JsonObject) -> Iterator[str | None]:
    """Of each set of roles in turn; a partner has those of one share."""
    for viewer, roles in VIEWERS.items():
        if viewer in ("anybody", "owner"):
            yield None if viewer == "anybody" else world.owner.access
            continue
        end_shares(world)
        share(world, product, passportRoles=[role for role in roles if role != "public"])
        yield world.other_owner.access


def check(schema: Draft202012Validator, engine: ValidationEngine, credential: JsonObject) -> None:
    assert faults(schema, credential) == []
    # dppvalidator 0.5.1 accepts neither form of `credentialStatus`: see docs/passports.md.
    plain = {name: value for name, value in credential.items() if name != "credentialStatus"}
    result = engine.validate(plain)
    assert result.valid, result.errors


def test_every_passport_is_valid_signed_and_revocable(
    world: World, emitted: tuple[JsonObject, list[str]], schema: Draft202012Validator
) -> None:
    product, passport_ids = emitted
    engine, signed = ValidationEngine(), []
    for bearer in bearers(world, product):
        for id in passport_ids:
            unsigned = read_by_id(world, id, bearer=bearer, accept=CREDENTIAL).expect(200).object()
            token = read_by_id(world, id, bearer=bearer, accept=JWT).expect(200).body.decode()
            credential = verified(world, token)
            assert credential == unsigned
            check(schema, engine, credential)
            signed.append(credential)
    granularities = [one["credentialSubject"]["idGranularity"] for one in signed[: len(passport_ids)]]
    assert granularities == ["model", "batch", "item", "item", "item"]
    assert {status_bit(world, one) for one in signed} == {0}
    withdraw(world, product, 1).expect(200)
    for id in passport_ids[1:]:
        end(world, id, "withdraw", {"reason": "Recalled."})
    assert {status_bit(world, one) for one in signed} == {1}
    for bearer in (None, world.owner.access):
        for id in passport_ids:
            after = verified(world, read_by_id(world, id, bearer=bearer, accept=JWT).expect(200).body.decode())
            check(schema, engine, after)
            assert status_bit(world, after) == 1


def test_what_a_grant_opens_is_valid_signed_and_revocable(
    world: World, emitted: tuple[JsonObject, list[str]], schema: Draft202012Validator
) -> None:
    product, (model, _, item, *_) = emitted
    engine, signed = ValidationEngine(), []
    role_sets: tuple[list[str], ...] = (["authority"], ["legitimateInterest"], ["authority", "legitimateInterest"])
    for id in (model, item):
        for roles in role_sets:
            link = path_of(world, granted(world, id, roles=roles))
            credential = verified(world, opened(world, link, JWT).expect(200).body.decode())
            check(schema, engine, credential)
            signed.append(credential)
    assert {status_bit(world, one) for one in signed} == {0}
    withdraw(world, product, 1).expect(200)
    assert {status_bit(world, one) for one in signed} == {1}


def test_the_key_is_found_by_the_header_alone(world: World) -> None:
    """A verifier knows nothing but the token."""
    _, passport_id = issued(world)
    token = read_by_id(world, passport_id, accept=JWT).expect(200).body.decode()
    header, payload = decoded(token)
    assert header["kid"].startswith(f"{payload['issuer']['id']}#")
    assert header.keys() == {"alg", "typ", "cty", "kid", "iss"}
    broken: list[Any] = [token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)]
    for one in broken:
        with pytest.raises(Exception, match="Signature verification failed"):
            verified(world, one)
