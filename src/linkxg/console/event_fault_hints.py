"""How to mend a fault of an event, by its code; the fault's own message says what is wrong."""

from linkxg.network.epcis.capture.model import CaptureError

_HINTS = {
    "required": "Add the field.",
    "incomplete": "Add the missing list, or leave the event out.",
    "empty": "Add an entry, or remove the field.",
    "unknown_field": "Correct the spelling, or give an extension a prefix that @context declares.",
    "unknown_prefix": 'Declare the prefix in @context, as in {"example": "https://example.com/epcis/"}.',
    "unknown_word": "Write a bare word of the Core Business Vocabulary, such as shipping, or a URI of your own.",
    "invalid_uri": "Write an absolute URI, such as https://id.gs1.org/01/09520000010010/21/1 or urn:epc:id:….",
    "invalid_identifier": "Compare the identifier with its label; one digit is usually mistyped.",
    "invalid_epc": "Move lots and classes to the list of quantities; if it is one object, check its digits.",
    "invalid_class": "Put lots and classes into lists of quantities, single objects into lists of EPCs.",
    "invalid_context": "Correct @context; the one of EPCIS 2.0 is enough for events without extensions.",
    "fraction_without_unit": "Add uom, the code of the unit, such as KGM or MTR.",
    "negative": "Write the quantity without a sign; the business step says whether items come or go.",
    "out_of_range": "Correct the number.",
    "own_child": "Correct parentID, or remove it from the children.",
    "too_many_fields": "Remove extensions that nobody searches by, or divide the event.",
    "unknown_type": "Write ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent.",
    "invalid_time": "Write times as 2026-11-28T10:30:00.000Z.",
    "time_without_zone": "Add the zone of the clock that the time was read from.",
    "no_such_time": "Correct the date or the time.",
    "invalid_offset": "Write the offset of the clocks at the place, such as +01:00.",
    "ilmd_not_allowed": "Remove ilmd, or set action to ADD.",
    "duplicate": "Remove the repetition.",
    "duplicate_event_id": (
        "Give the corrected event another eventID, and declare the first one wrong by an errorDeclaration."
    ),
    "ahead_of_clock": "Correct the clock or the time zone of the device that made the event.",
    "given_twice": "Remove it from the reports, or from the metadata.",
    "too_long": "Shorten the value.",
    "row_too_large": "An event has at most 1 MiB: divide it into several.",
    "too_many_events": "Divide the document.",
    "not_json": "Correct the JSON; an editor that checks it shows the place.",
    "wrong_type": "Correct the value; a number has no quotation marks, a list has brackets.",
    "server_error": "Upload the document again; if it happens again, ask the operator.",
}
_OTHERWISE = "Correct the value."


def hint_of(error: CaptureError) -> str:
    return _HINTS.get(error.code or "", _OTHERWISE)
