"""Validates events against the JSON schema that GS1 publishes with EPCIS 2.0, and says what is wrong in a sentence.

An event is checked against the definition of its type alone: errors of the whole schema name other types as well.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from jsonschema_rs import Draft7Validator

from linkxg.network.bounded_schema import BoundedSchema
from linkxg.network.epcis.documents.model import EVENT_TYPES, EventFault
from linkxg.network.epcis.documents.schema_faults import describe

MAX_FAULTS = 20
_FILE = "EPCIS-JSON-Schema.json"


@cache
def _schemas() -> dict[str, BoundedSchema]:
    text = resources.files(__package__).joinpath("data", _FILE).read_text(encoding="utf-8")
    definitions = json.loads(text)["definitions"]
    schemas = {name: {"$ref": f"#/definitions/{name}", "definitions": definitions} for name in EVENT_TYPES}
    return {name: BoundedSchema(Draft7Validator(schema), schema) for name, schema in schemas.items()}


def check_schema(event: dict[str, Any]) -> list[EventFault]:
    """What is wrong with the form of an event; empty if nothing is."""
    name = event.get("type")
    schema = _schemas().get(name) if isinstance(name, str) else None
    if schema is None:
        return [EventFault("/type", "unknown_type", f"The type of an event must be one of {', '.join(EVENT_TYPES)}.")]
    found: dict[EventFault, None] = {}
    for error in schema.errors(event):
        for fault in describe(event, error):
            found[fault] = None
        if len(found) >= MAX_FAULTS:
            break
    # What the event as a whole lacks is often a consequence of the other faults.
    special = [fault for fault in found if fault.pointer or fault.code == "required"]
    return (special or list(found))[:MAX_FAULTS]
