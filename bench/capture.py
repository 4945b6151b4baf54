"""Measures the capture of an EPCIS document against a raw insert. Run as `python -m bench.capture [EVENTS] [ENGINE…]`.

The base inserts the same rows into the same tables and indexes; it is the faster of two, before and after.
"""

import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.imports import ENGINES, _database, _seconds, _watched
from bench.processes import service
from bench.raw_events import raw_insert
from bench.report import Figure, report
from bench.seed import PASSWORD, Seeded, seed

EVENTS = 50_000
BAR_RATE = 8_000
_CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ext": "https://example.com/epcis/"}]
_DESTINATION = {"type": "owning_party", "destination": "https://id.gs1.org/417/4000001000005"}


def measure(events: int = EVENTS, engines: Sequence[str] = ENGINES) -> list[Figure]:
    """One worker on each engine; the document is captured, then captured again unchanged."""
    found: list[Figure] = []
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder, _database(engine, Path(folder)) as (url, _):
            found += _measure(engine, Path(folder), url, events)
    return found


def _measure(engine: str, data_dir: Path, url: str, count: int) -> list[Figure]:
    seeded = seed(data_dir, url, client_count=1, people=1)
    content = _document(count)
    with service(data_dir, pinned=False, LINKXG_DATABASE_URL=url) as address:
        api = _Api(f"{address}/api/v1", seeded)
        with _watched() as used:
            first = api.capture(content)
        with _watched() as used_again:
            again = api.capture(content)
        inserts = [raw_insert(url, str(data_dir / f"raw-{number}.db"), count) for number in range(2)]
    base, raw_busy = max(one.rate for one in inserts), min(one.busy for one in inserts)
    processor, memory = used.seconds / count * 1e6, max(used.memory, used_again.memory)
    if (first["counts"]["captured"], again["counts"]["unchanged"]) != (count, count):
        raise RuntimeError("the capture did not store all events, or stored some the second time")
    rate, repeated = count / first["seconds"], count / again["seconds"]
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine]
    return [
        Figure(f"events captured, beside a raw insert of the same rows, {name}", rate / base, 0.4,
               f"{rate:,.0f}/s of {base:,.0f}/s"),
        Figure(f"events captured a second, beside {BAR_RATE:,}, {name}", rate / BAR_RATE, 1.0, f"{rate:,.0f}/s"),
        Figure(f"the same document again, beside the first time, {name}", repeated / rate, 1.0, f"{repeated:,.0f}/s"),
        Figure(f"processor of the raw insert, beside the capture's processes, {name}", raw_busy / processor, 0,
               f"{raw_busy:.0f} µs of {processor:.0f} µs an event"),
        Figure(f"MB in memory of the capture's processes, {name}", memory, 200.0, f"{count:,} events", at_most=True),
    ]  # fmt: skip


def _document(count: int) -> bytes:
    """Events of one new serial each, of a lot, or of a pallet with three serials."""
    head = {"@context": _CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-11-28T10:00:00Z"}  # fmt: skip
    events = ",".join(json.dumps(_event(number)) for number in range(count))
    return f'{json.dumps(head)[:-1]},"epcisBody":{{"eventList":[{events}]}}}}'.encode()


def _event(number: int) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventTime": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:10:00.000+02:00",
        "eventTimeZoneOffset": "+02:00",
        "bizStep": ("commissioning", "packing", "shipping", "receiving")[number % 4],
        "disposition": "in_progress",
        "readPoint": {"id": "https://id.gs1.org/414/4000001000005"},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4000001000005:{number % 500}"}],
    }
    if number % 4 == 1:
        parent = {"parentID": f"urn:epc:id:sscc:4000001.{number:010}"}
        children = {"childEPCs": [f"urn:epc:id:sgtin:4000001.000001.{number + step}" for step in (0, 4, 8)]}
        return {"type": "AggregationEvent", "action": "ADD", **event, **parent, **children}
    items: dict[str, Any] = {"epcList": [f"urn:epc:id:sgtin:4000001.000001.{number}"]}
    if number % 4 == 3:
        items = {
            "quantityList": [
                {"epcClass": f"urn:epc:class:lgtin:4000001.000001.L{number % 999}", "quantity": 12.5, "uom": "KGM"}
            ]
        }
    return {"type": "ObjectEvent", "action": "OBSERVE", **event, **items, "destinationList": [_DESTINATION]}


class _Api:
    def __init__(self, api: str, seeded: Seeded) -> None:
        self._api = api
        body = json.dumps({"email": seeded.emails[0], "password": PASSWORD}).encode()
        self._bearer = ""
        self._bearer = json.load(self._send("/auth/login", body))["data"]["accessToken"]

    def _send(self, path: str, body: bytes | None) -> Any:
        headers = {"GS1-Capture-Error-Behaviour": "proceed", "Authorization": f"Bearer {self._bearer}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if not self._bearer:
            del headers["Authorization"]
        return urllib.request.urlopen(urllib.request.Request(self._api + path, body, headers))

    def capture(self, content: bytes) -> dict[str, Any]:
        """The job when it has ended, with its duration in `seconds`."""
        location = self._send("/epcis/capture", content).headers["Location"]
        path = "/epcis" + location.partition("/epcis")[2]
        while True:
            job: dict[str, Any] = json.load(self._send(path, None))
            if not job["running"]:
                return {**job, "seconds": _seconds(job["finishedAt"]) - _seconds(job["createdAt"])}
            time.sleep(0.1)


if __name__ == "__main__":
    count = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), EVENTS)
    report(measure(count, [engine for engine in ENGINES if engine in sys.argv] or ENGINES))
