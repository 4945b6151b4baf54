"""Checks a passport by the JSON schema of UNTP 0.7.0 (UNECE, CC BY 4.0), which is a file of this package."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from linkxg.network.bounded_schema import BoundedSchema
from linkxg.network.epcis.documents.schema_faults import to_pointer
from linkxg.network.passports.validation.model import PassportFinding, error

_FILE = "DigitalProductPassport.json"
_LONGEST = 300


@cache
def _schema() -> BoundedSchema:
    schema = json.loads(resources.files(__package__).joinpath("data", _FILE).read_text(encoding="utf-8"))
    return BoundedSchema(Draft202012Validator(schema, validate_formats=True), schema)


def check_schema(document: dict[str, Any]) -> Iterator[PassportFinding]:
    for found in _schema().errors(document):
        yield from _findings(found)


def _findings(found: ValidationError) -> Iterator[PassportFinding]:
    path = list(found.instance_path)
    match found.kind:
        case ValidationErrorKind.Required() as kind:
            yield error("required", to_pointer([*path, kind.property]), f"{kind.property} is required here.")
        case ValidationErrorKind.AdditionalProperties() as kind:
            for name in kind.unexpected:
                yield error("unknown_field", to_pointer([*path, name]), "This member is not allowed here.")
        case _:
            yield error("schema", to_pointer(path), found.message[:_LONGEST])
