"""Published examples, which are not part of the repository; a test that needs them is skipped where they are absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.documents.read_document import EventTexts

_PLACES = (parent / "shared" / "vectors" for parent in Path(__file__).parents)
FOLDER = next((place for place in _PLACES if place.is_dir()), Path("absent"))
STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CONTEXT = [STANDARD, {"example": "https://ns.example.com/epcis/"}]


def params(pattern: str) -> list[Any]:
    """A parameter for each file."""
    skipped = pytest.param(None, marks=pytest.mark.skip(reason="the published examples are not here"))
    return [pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob(pattern))] or [skipped]


def texts_of(path: Path) -> tuple[list[str], Contexts]:
    source = EventTexts(iter([path.read_bytes()]))
    return [text for _, text in source], source.contexts


def contexts(value: Any = CONTEXT) -> Contexts:
    found = read_contexts(value)
    assert isinstance(found, Contexts), found
    return found


def event(type: str = "ObjectEvent", /, **changes: Any) -> dict[str, Any]:
    """A valid event; a member that is None is left out."""
    made: dict[str, Any] = {
        "type": type,
        "eventTime": "2026-03-04T11:00:30.000+01:00",
        "eventTimeZoneOffset": "+01:00",
    }
    match type:
        case "ObjectEvent":
            made |= {"action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"]}
        case "AggregationEvent" | "AssociationEvent":
            made |= {"action": "ADD", "parentID": "urn:epc:id:sscc:0614141.1234567890"}
            made |= {"childEPCs": ["urn:epc:id:sgtin:0614141.107346.2018"]}
        case "TransactionEvent":
            made |= {"action": "ADD", "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"]}
            made |= {
                "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:1152"}]
            }
        case _:
            made |= {"inputEPCList": ["urn:epc:id:sgtin:0614141.107346.2018"]}
            made |= {"outputEPCList": ["urn:epc:id:sgtin:0614141.107346.2019"]}
    return {name: value for name, value in (made | changes).items() if value is not None}
