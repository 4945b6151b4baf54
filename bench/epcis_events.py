"""Measures the reading of EPCIS events on one core. Run as `python -m bench.epcis_events`.

Reading is schema, rules, identifiers, hash and indexed values of an event; storing comes on top. Every step is measured
in turn with the parsing of plain JSON, so that the ratios hold on a busy machine too.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from linkxg.http import strict_json
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.documents.event_hash import event_hash
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.documents.schema import check_schema

_EVENTS = 2_000
_ROUNDS = 20
_CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"example": "https://ns.example.com/epcis/"},
]


def event_text(number: int) -> str:
    """A shipment of two objects, each of which is in no other event."""
    return json.dumps(
        {
            "type": "ObjectEvent",
            "eventTime": f"2026-02-16T20:33:31.{number % 1000:03}-06:00",
            "eventTimeZoneOffset": "-06:00",
            "epcList": [
                f"urn:epc:id:sgtin:0614141.107346.{number}",
                f"https://id.gs1.org/01/10614141073464/21/A{number}",
            ],
            "action": "OBSERVE",
            "bizStep": "shipping",
            "disposition": "in_transit",
            "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
            "bizLocation": {"id": "urn:epc:id:sgln:0614141.07346.0"},
            "bizTransactionList": [{"type": "po", "bizTransaction": f"https://example.com/po/{number // 20}"}],
            "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
            "destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00000"}],
            "example:order": "CD-34",
        },
        separators=(",", ":"),
    )


def main() -> None:
    contexts = read_contexts(_CONTEXT)
    assert isinstance(contexts, Contexts)
    batches = [[event_text(number) for number in range(n * _EVENTS, (n + 1) * _EVENTS)] for n in range(_ROUNDS)]
    parsed: list[list[Any]] = [[strict_json.parse(text) for text in texts] for texts in batches]
    gc.collect()
    gc.freeze()
    steps: dict[str, tuple[Callable[[Any], object], Sequence[Sequence[Any]]]] = {
        "plain JSON": (json.loads, batches),
        "strict JSON": (strict_json.parse, batches),
        "schema": (check_schema, parsed),
        "event hash": (lambda event: event_hash(event, contexts), parsed),
        "all": (lambda text: parse_event(text, contexts), batches),
    }
    best = dict.fromkeys(steps, float("inf"))
    for place in range(_ROUNDS):
        for name, (step, items) in steps.items():
            start = time.process_time()
            for item in items[place]:
                step(item)
            best[name] = min(best[name], (time.process_time() - start) / _EVENTS)
    for name, seconds in best.items():
        ratio = seconds / best["plain JSON"]
        sys.stdout.write(f"{name:12} {seconds * 1e6:7.1f} µs {1 / seconds:9.0f}/s {ratio:6.1f} × plain JSON\n")


if __name__ == "__main__":
    main()
