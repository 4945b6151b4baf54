"""The words for events, on their pages and in traces: business steps, actions, types, documents, terms and units."""

import re

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
VERBS = {
    "accepting": "Accepted", "arriving": "Saw the arrival of", "assembling": "Assembled", "collecting": "Collected",
    "commissioning": "Created", "consigning": "Consigned", "creating_class_instance": "Created",
    "cycle_counting": "Counted", "decommissioning": "Took out of use", "departing": "Sent off",
    "destroying": "Destroyed", "disassembling": "Took apart", "dispensing": "Dispensed", "encoding": "Encoded",
    "entering_exiting": "Saw passing", "holding": "Held back", "inspecting": "Inspected", "installing": "Installed",
    "killing": "Disabled the tag of", "loading": "Loaded", "other": "Handled", "packing": "Packed", "picking": "Picked",
    "receiving": "Received", "removing": "Removed", "repackaging": "Repacked", "repairing": "Repaired",
    "replacing": "Replaced", "reserving": "Reserved", "retail_selling": "Sold", "sampling": "Took samples of",
    "sensor_reporting": "Measured", "shipping": "Shipped", "staging_outbound": "Made ready to ship",
    "stock_taking": "Took stock of", "stocking": "Stocked", "storing": "Stored", "transporting": "Transported",
    "unloading": "Unloaded", "unpacking": "Unpacked", "void_shipping": "Cancelled the shipping of",
}  # fmt: skip
"""The business steps of CBV 2.0 §7.1, in the past."""
_DONE_STEPS = {
    "arriving": "arrived", "decommissioning": "taken out of use", "departing": "departed",
    "disassembling": "taken apart", "entering_exiting": "passed by", "killing": "tag disabled", "sampling": "sampled",
    "stock_taking": "counted in stock", "void_shipping": "shipping cancelled",
}  # fmt: skip
"""What they have done to the items, where it is not the same word."""
ACTION_VERBS = {"ADD": "Created", "OBSERVE": "Observed", "DELETE": "Ended the life of"}
"""Of an ObjectEvent whose business step has no verb."""
_DONE = {
    ("AggregationEvent", "ADD"): "packed together",
    ("AggregationEvent", "DELETE"): "unpacked",
    ("AggregationEvent", "OBSERVE"): "observed together",
    ("AssociationEvent", "ADD"): "fitted",
    ("AssociationEvent", "DELETE"): "removed",
    ("AssociationEvent", "OBSERVE"): "observed together",
    ("ObjectEvent", "ADD"): "created",
    ("ObjectEvent", "DELETE"): "life ended",
    ("ObjectEvent", "OBSERVE"): "observed",
    ("TransactionEvent", "ADD"): "linked to a document",
    ("TransactionEvent", "DELETE"): "unlinked from a document",
    ("TransactionEvent", "OBSERVE"): "observed for a document",
    ("TransformationEvent", None): "transformed",
}
"""What was done to the items of an event without a business step, by type and action."""
TYPES = {
    "ObjectEvent": "Items were created, seen or moved",
    "AggregationEvent": "Items were packed or unpacked",
    "TransformationEvent": "Items were made into others",
    "TransactionEvent": "Items were linked to a document",
    "AssociationEvent": "Parts were fitted or removed",
}
"""What happened, by the type of event."""
DOCUMENTS = {
    "bol": "bill of lading", "cert": "certificate", "desadv": "dispatch advice", "inv": "invoice",
    "pedigree": "pedigree", "po": "purchase order", "poc": "order confirmation", "prodorder": "production order",
    "recadv": "receiving advice", "rma": "return authorisation", "testprd": "test procedure", "testres": "test result",
    "upevt": "upstream event",
}  # fmt: skip
"""The types of business transactions of CBV 2.0 §7.3."""
_UNITS = {
    "KGM": "kg", "GRM": "g", "TNE": "t", "MGM": "mg", "LBR": "lb", "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km",
    "MTK": "m²", "MTQ": "m³", "LTR": "l", "MLT": "ml", "CEL": "°C", "KEL": "K", "FAH": "°F", "P1": "%", "A93": "g/m³",
    "PAL": "Pa", "BAR": "bar", "LUX": "lx", "EA": "pieces", "H87": "pieces", "C62": "pieces", "KMH": "km/h",
    "MSK": "m/s²", "SEC": "s", "MIN": "min", "HUR": "h", "VLT": "V", "AMP": "A", "WTT": "W", "KWH": "kWh",
}  # fmt: skip

_PIECE = "H87"


def in_words(term: str) -> str:
    """`retail_selling` or `RelativeHumidity` as text; of a URI its last part."""
    tail = re.split(r"[/:#]", term.rstrip("/:#"))[-1] or term
    spaced = _WORD.sub(" ", tail).replace("_", " ").strip() or term
    return spaced[:1].upper() + spaced[1:].lower() if spaced != spaced.upper() else spaced


def lower_words(term: str) -> str:
    """As `in_words`, within a sentence: `in_transit` is `in transit`."""
    return in_words(term).lower()


def done_in_words(type: str, action: str | None, step: str | None) -> str:
    """What an event has done to an item, such as `Shipped`."""
    done = _DONE.get((type, action), "recorded")
    if step:
        done = _DONE_STEPS.get(step) or VERBS.get(step, lower_words(step)).lower()
    return done[:1].upper() + done[1:]


def unit_name(code: str | None) -> str:
    """The symbol of a unit of UN/CEFACT Recommendation 20; the code where it is not known here."""
    return "" if code is None else _UNITS.get(code, code)


def number_text(value: object) -> str:
    """`1,204`, `0.5`; what is no number as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    # What has six digits before the point may be rounded to seven, which `g` writes as 1e+06.
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}" if abs(value) < 999_999.5 else f"{value:,.0f}"


def amount(value: object, unit: str | None) -> str:
    """`1,204 kg`."""
    number, name = number_text(value), unit_name(unit)
    return f"{number} {'piece' if number == '1' and name == 'pieces' else name}".rstrip()


def quantity_text(value: float, unit: str | None) -> str:
    """As `amount`, of items: without a unit they are counted."""
    return amount(value, unit or _PIECE)
