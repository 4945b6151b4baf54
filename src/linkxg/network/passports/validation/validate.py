"""Validates a passport. Nothing is fetched: neither contexts, nor keys, nor what a passport refers to."""

import asyncio
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from linkxg.db import Database
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.untp_json_ld import CONTEXTS
from linkxg.network.passports.validation.check_schema import check_schema
from linkxg.network.passports.validation.check_semantics import check_semantics
from linkxg.network.passports.validation.check_signature import check_signature
from linkxg.network.passports.validation.model import MAX_FINDINGS, PassportFinding, Validation, error
from linkxg.network.passports.validation.read_signed import NotASignedPassport, check_header, read_signed

SPECIFICATION = "UNTP DPP 0.7.0"
CREDENTIAL_TYPE, PASSPORT_TYPE = "VerifiableCredential", "DigitalProductPassport"
MAX_NAME = 60
"""Characters of the name of another type that a finding quotes."""


def validate(document: dict[str, Any], before: Iterable[PassportFinding] = ()) -> Validation:
    """Validates the content, with the findings in the order of severity; `before` are those that are known already."""
    other = _other_credential(document)
    # By the schema of a passport, another credential has faults that help nobody.
    checks = [other] if other else [_version(document), check_schema(document), check_semantics(document)]
    return _validation(list(islice(chain(before, *checks), MAX_FINDINGS)))


async def validate_signed(database: Database, addresses: Addresses, text: str) -> Validation:
    """Validates content and header, and checks the signature if this service has the keys of the issuer."""
    try:
        signed = await asyncio.to_thread(read_signed, text)
    except NotASignedPassport as fault:
        return _validation([error("jws", "", str(fault))])
    signature = await check_signature(database, addresses, signed)
    faults = [*check_header(signed)]
    if signature.valid is False:
        faults.append(error("signature", "", signature.message))
    validation = await asyncio.to_thread(validate, signed.document, faults)
    validation.signature = signature
    return validation


def _validation(found: list[PassportFinding]) -> Validation:
    found.sort(key=lambda one: one.severity)
    return Validation(all(one.severity != "error" for one in found), SPECIFICATION, found)


def _other_credential(document: dict[str, Any]) -> list[PassportFinding]:
    """One finding for a verifiable credential that names a type of its own and not that of a passport."""
    types = document.get("type")
    named = [one for one in types if isinstance(one, str)] if isinstance(types, list) else [types]
    others = [one for one in named if isinstance(one, str) and one != CREDENTIAL_TYPE]
    if PASSPORT_TYPE in others or not others or "issuer" not in document:
        return []
    return [error("type", "/type", f"This is a {others[0][:MAX_NAME]}, not a {PASSPORT_TYPE}; only that is checked.")]


def _version(document: dict[str, Any]) -> list[PassportFinding]:
    contexts = document.get("@context")
    if isinstance(contexts, list) and contexts[: len(CONTEXTS)] == CONTEXTS:
        return []
    return [
        error("version", "/@context", f"A passport of UNTP 0.7.0 begins with the contexts {' and '.join(CONTEXTS)}.")
    ]
