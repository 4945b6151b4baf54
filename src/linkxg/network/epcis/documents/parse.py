"""Reads one event: checks it, and takes from it what is stored, indexed and given back."""

import hashlib
import json
from itertools import islice
from typing import Any

import msgspec

from linkxg.http import strict_json
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.documents.event_hash import hash_text, hash_uri
from linkxg.network.epcis.documents.items import normal_uri
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent
from linkxg.network.epcis.documents.rules import check_names, check_rules
from linkxg.network.epcis.documents.schema import MAX_FAULTS, check_schema
from linkxg.network.epcis.documents.sizes import MAX_NAME, check_sizes
from linkxg.network.epcis.documents.times import read_time, write_time
from linkxg.network.epcis.documents.uses import read_uses
from linkxg.network.epcis.documents.values import UnknownPrefix, read_values
from linkxg.network.epcis.documents.vocabulary import BIZ_STEP, DISPOSITION, ERROR_REASON

MAX_VALUES = 2_000
_ADDED = ("@context", "recordTime")
"""Members that a query result has anew: its own context, and when it was recorded here."""


def parse_event(event: bytes | str | dict[str, Any], contexts: Contexts) -> ParsedEvent | tuple[EventFault, ...]:
    """The event, or what is wrong with it. An event may have an `@context` in addition to the document's."""
    is_short = not isinstance(event, dict) and len(event) <= MAX_NAME
    if not isinstance(event, dict):
        try:
            event = strict_json.parse(event if isinstance(event, str) else event.decode())
        except UnicodeDecodeError:
            return (EventFault("", "not_json", "It is not UTF-8."),)
        except strict_json.NotStrictJson as error:
            return (EventFault("", "not_json", str(error)),)
        if not isinstance(event, dict):
            return (EventFault("", "wrong_type", "An event must be an object."),)
    if "@context" in event:
        found = read_contexts(event["@context"], contexts)
        if isinstance(found, EventFault):
            return (found,)
        contexts = found
    faults = check_schema(event) or check_rules(event)
    if not faults and not is_short and (too_large := check_sizes(event, contexts)) is not None:
        faults.append(too_large)
    if not faults:
        parsed = _parse(event, contexts, faults)
        if parsed is not None and not faults:
            return parsed
    return tuple(faults[:MAX_FAULTS])


def _parse(event: dict[str, Any], contexts: Contexts, faults: list[EventFault]) -> ParsedEvent | None:
    items = read_uses(event, faults)
    if faults:
        return None
    try:
        values = read_values(event, contexts)
    except UnknownPrefix:
        faults += islice(check_names(event, contexts), MAX_FAULTS)
        return None
    except OverflowError:
        faults.append(EventFault("", "out_of_range", "A number is out of range."))
        return None
    if len(values) > MAX_VALUES:
        faults.append(EventFault("", "too_many_fields", f"An event may have at most {MAX_VALUES} values to search by."))
        return None
    text = hash_text(event, contexts).encode()
    digest = hashlib.sha256(text).digest()
    declaration = event.get("errorDeclaration")
    step, disposition = event.get("bizStep"), event.get("disposition")
    reason = declaration.get("reason") if declaration else None
    return ParsedEvent(
        event_id=event.get("eventID") or hash_uri(digest),
        declaration_time=write_time(read_time(declaration["declarationTime"])) if declaration else "",
        type=event["type"],
        action=event.get("action"),
        event_time=read_time(event["eventTime"]),
        biz_step=BIZ_STEP.bare(contexts.expand_value(step)) if step else None,
        disposition=DISPOSITION.bare(contexts.expand_value(disposition)) if disposition else None,
        read_point=_place(event, "readPoint"),
        biz_location=_place(event, "bizLocation"),
        transformation_id=event.get("transformationID"),
        error_reason=ERROR_REASON.bare(contexts.expand_value(reason)) if reason else None,
        content_hash=digest if declaration is None else _declared_hash(text, declaration),
        content=_content(event),
        context=contexts.foreign,
        items=items,
        values=values,
    )


def _place(event: dict[str, Any], name: str) -> str | None:
    return normal_uri(event[name]["id"]) if name in event else None


def _declared_hash(text: bytes, declaration: dict[str, Any]) -> bytes:
    """The event hash leaves the declaration out."""
    declared = json.dumps(declaration, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(text + b"\n" + declared).digest()


def _content(event: dict[str, Any]) -> bytes:
    kept = event
    if "recordTime" in event or "@context" in event:
        kept = {name: value for name, value in event.items() if name not in _ADDED}
    try:
        return msgspec.json.encode(kept)
    except (OverflowError, ValueError):
        # An integer of more than 64 bits.
        return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()
