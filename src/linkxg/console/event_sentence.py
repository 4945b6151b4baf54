"""Tells an event in one plain sentence: what was done with which items, where, and from or to whom."""

from typing import Any

from linkxg.console.event_items import ItemLine, lines_of, place_name
from linkxg.console.event_words import ACTION_VERBS, DOCUMENTS, VERBS, amount, lower_words
from linkxg.network.epcis.documents.model import Level
from linkxg.network.epcis.documents.vocabulary import BIZ_STEP, PARTY_TYPE, TRANSACTION_TYPE
from linkxg.network.traceability.find_names import ItemNames

NAMED = 40
"""Items of a list that a sentence looks at; of longer lists it says only how many there are."""
_PARTIES = ("possessing_party", "owning_party")
_REPORTED = (
    "value",
    "meanValue",
    "stringValue",
    "booleanValue",
    "uriValue",
    "hexBinaryValue",
    "component",
    "exception",
)
_MOST_REPORTS = 3


def tell(event: dict[str, Any], names: ItemNames) -> str:
    """Without its time and without a full stop: `Packed 24 items into logistic unit 395… at Mill Porto`."""
    found = {role: _together(*lines) for role, lines in lines_of(event, names, NAMED).items()}
    told = _TELLERS[event["type"]](event, found)
    readings = sensor_texts(event)
    if readings and event["type"] == "ObjectEvent" and ("items" not in found or step_of(event) == "sensor_reporting"):
        told = f"Measured {', '.join(readings[:_MOST_REPORTS])}" + (f" of {found['items']}" if "items" in found else "")
        readings = []
    told = f"{told}{_where(event, names)}"
    if readings:
        told += f", measuring {', '.join(readings[:_MOST_REPORTS])}"
    return f"Declared wrong: {told[:1].lower()}{told[1:]}" if "errorDeclaration" in event else told


def step_of(event: dict[str, Any]) -> str:
    return BIZ_STEP.bare(event.get("bizStep", ""))


def sensor_texts(event: dict[str, Any]) -> list[str]:
    """What sensors reported, such as `21.4 °C` or `2 to 7.5 °C`."""
    reports = (one for element in event.get("sensorElementList", ()) for one in element["sensorReport"])
    return [text for text in map(report_text, reports) if text]


def report_text(report: dict[str, Any]) -> str:
    """The value of one report; empty if it has none."""
    unit = report.get("uom")
    if "minValue" in report and "maxValue" in report and "value" not in report:
        return f"{amount(report['minValue'], None)} to {amount(report['maxValue'], unit)}"
    value = next((report[name] for name in (*_REPORTED, "minValue", "maxValue") if name in report), None)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return "" if value is None else amount(value, unit)[:80]


def _object(event: dict[str, Any], found: dict[str, str]) -> str:
    step, items = step_of(event), found.get("items", "nothing")
    told = f"{VERBS.get(step) or ACTION_VERBS[event['action']]} {items}"
    return f"{told} ({lower_words(step)})" if step and step not in VERBS else told


def _aggregation(event: dict[str, Any], found: dict[str, str]) -> str:
    contents, parent, step = found.get("contents"), found.get("parent", "a container"), step_of(event)
    if event["action"] == "ADD":
        return f"{VERBS[step] if step in ('packing', 'loading', 'repackaging') else 'Put'} {contents} into {parent}"
    if event["action"] == "DELETE":
        return f"Took {contents} out of {parent}" if contents else f"Emptied {parent}"
    return f"{VERBS.get(step, 'Observed')} {parent} with {contents}" if contents else f"Observed {parent}"


def _association(event: dict[str, Any], found: dict[str, str]) -> str:
    parts, asset = found.get("contents"), found.get("parent", "an asset")
    if event["action"] == "ADD":
        return f"Fitted {parts} to {asset}"
    if event["action"] == "DELETE":
        return f"Removed {parts or 'all parts'} from {asset}"
    return f"Observed {asset} with {parts or 'its parts'}"


def _transformation(event: dict[str, Any], found: dict[str, str]) -> str:
    inputs, outputs = found.get("inputs"), found.get("outputs")
    if outputs:
        return f"Made {outputs} from {inputs}" if inputs else f"Made {outputs}"
    return f"Used up {inputs or 'nothing'}"


def _transaction(event: dict[str, Any], found: dict[str, str]) -> str:
    items = found.get("items") or found.get("parent") or "everything"
    listed = event.get("bizTransactionList", [])
    document = f"{_document_type(listed[0])} {_tail(listed[0]['bizTransaction'])}" if listed else ""
    named = document if len(listed) == 1 else f"{len(listed)} documents"
    verbs = {"ADD": f"Linked {items} to {named}", "DELETE": f"Unlinked {items} from {named}"}
    return verbs.get(event["action"], f"{VERBS.get(step_of(event), 'Observed')} {items} for {named}")


def _document_type(document: dict[str, Any]) -> str:
    word = TRANSACTION_TYPE.bare(document.get("type", ""))
    return DOCUMENTS.get(word) or lower_words(word or "document")


_TELLERS = {
    "ObjectEvent": _object,
    "AggregationEvent": _aggregation,
    "AssociationEvent": _association,
    "TransformationEvent": _transformation,
    "TransactionEvent": _transaction,
}


def _together(lines: list[ItemLine], count: int) -> str:
    """One item by its name, several as a number, with the product if it is one and the same."""
    if count == 1:
        line = lines[0]
        return f"{line.amount} of {line.name}" if line.amount else line.name
    kinds = {line.name.rsplit(", serial ", 1)[0] for line in lines}
    if (
        len(kinds) == 1
        and count == len(lines)
        and all(line.level is Level.INSTANCE and line.amount == "" for line in lines)
    ):
        kind = kinds.pop()
        if kind != lines[0].name:
            return f"{count:,} × {kind}"
    if all(line.name.startswith("logistic unit ") for line in lines):
        return f"{count:,} logistic units"
    return f"{count:,} {'lots' if all(line.level is Level.LOT for line in lines) else 'items'}"


def _where(event: dict[str, Any], names: ItemNames) -> str:
    place = place_name(event.get("readPoint") or event.get("bizLocation"), names)
    step = step_of(event)
    leaves, arrives = step in ("shipping", "departing"), step in ("receiving", "arriving", "accepting")
    told = f" {'from' if leaves else 'at'} {place}" if place else ""
    if leaves and (to := _party(event, "destination", names)):
        return f"{told} to {to}"
    if arrives and (origin := _party(event, "source", names)):
        return f"{told} from {origin}"
    return told


def _party(event: dict[str, Any], kind: str, names: ItemNames) -> str:
    listed = {PARTY_TYPE.bare(one["type"]): one[kind] for one in event.get(f"{kind}List", ())}
    party = next((listed[name] for name in _PARTIES if name in listed), None)
    return place_name(party, names)


def _tail(uri: str) -> str:
    """What people call a document: the end of its URI."""
    return uri.rstrip("/:").replace("/", ":").rsplit(":", 1)[-1][:40] or uri[:40]
