"""Validates a passport. Nothing is fetched: neither contexts nor what a passport refers to."""

from itertools import chain, islice
from typing import Any

from linkxg.network.passports.documents.untp_json_ld import CONTEXTS
from linkxg.network.passports.validation.check_schema import check_schema
from linkxg.network.passports.validation.check_semantics import check_semantics
from linkxg.network.passports.validation.model import MAX_FINDINGS, PassportFinding, Validation, error

SPECIFICATION = "UNTP DPP 0.7.0"


def validate(document: dict[str, Any]) -> Validation:
    """In the order of severity."""
    found = list(islice(chain(_version(document), check_schema(document), check_semantics(document)), MAX_FINDINGS))
    found.sort(key=lambda one: one.severity)
    return Validation(all(one.severity != "error" for one in found), SPECIFICATION, found)


def _version(document: dict[str, Any]) -> list[PassportFinding]:
    contexts = document.get("@context")
    if isinstance(contexts, list) and contexts[: len(CONTEXTS)] == CONTEXTS:
        return []
    return [
        error("version", "/@context", f"A passport of UNTP 0.7.0 begins with the contexts {' and '.join(CONTEXTS)}.")
    ]
