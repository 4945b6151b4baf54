"""Measures public reads of passports. Run as `python -m bench.passports`.

One worker, SQLite. A cached passport, as JSON and as a page, and its QR code, compared with a bare reply; and the
processor time of uncached pages.
"""

import http.client
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.api import API, post, sign_in
from bench.processes import floor, service, wrk
from bench.raw_upsert import gtin
from bench.report import Figure, report
from bench.seed import seed

ROUNDS, SECONDS, CONNECTIONS, PAGES, WARM = 3, 4, 32, 300, 20
SHARE, FIRST_MS = 0.3, 5.0
PAGE = "text/html"
CONTENT: dict[str, Any] = {
    "name": "Cordless drill",
    "description": "Two gears and a chuck of 13 mm. The battery is changed without tools.",
    "brand": "Acme",
    "modelNumber": "M-1",
    "category": {"code": "10003743", "name": "Drills", "schemeId": "https://gpc.example/", "schemeName": "GS1 GPC"},
    "producer": {"name": "Acme GmbH", "gln": "4012345000009"},
    "facility": {"name": "Hagen works", "gln": "4012345000009", "country": "DE"},
    "countryOfProduction": "DE",
    "dimensions": {"netWeight": {"value": 1.4, "unit": "KGM"}, "length": {"value": 210, "unit": "MMT"}},
    "materials": [
        {
            "name": name,
            "code": "41",
            "schemeId": "https://cpc.example/",
            "massFraction": share,
            "recycledMassFraction": 0.3,
            "originCountry": "SE",
        }
        for name, share in (("Steel", 0.4), ("Polyamide", 0.3), ("Copper", 0.2), ("Other", 0.1))
    ],
    "performance": [{"metricName": "Torque", "value": 60, "unit": "NU"}],
    "claims": [{"name": "Repairable", "referenceStandard": "EN 45554", "evidence": {"url": "https://files.example/a"}}],
    "documents": [{"url": "https://files.example/manual.pdf", "title": "Manual"}],
    "attributes": {"voltage": 18, "colour": "green", "chuck": "13 mm", "supplier": "Muster AG"},
    "access": {"attributes.supplier": ["authority"]},
}


def measure(rounds: int = ROUNDS, seconds: int = SECONDS, pages: int = PAGES) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, floor() as bare:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=1, people=1)
        with service(data_dir) as url:
            ids = _publish(url, sign_in(url, made.emails[0]), pages + WARM)
            first = _first_pages(url, ids)
            kept = {
                "public passport, JSON": (f"{url}/dpp/{ids[0]}", "application/json"),
                "public passport, page": (f"{url}/dpp/{ids[0]}", PAGE),
                "QR code": (f"{url}/dpp/{ids[0]}/qr", "*/*"),
            }
            rates: dict[str, list[float]] = {name: [] for name in ("", *kept)}
            for _ in range(rounds):
                for name, (address, accept) in {"": (bare, "*/*"), **kept}.items():
                    rates[name].append(_rate(address, accept, seconds))
    base = rates.pop("")
    return [*(_beside(name, rate, base) for name, rate in rates.items()), first]


def _beside(name: str, rates: Sequence[float], base: Sequence[float]) -> Figure:
    ratio = statistics.median(one / other for one, other in zip(rates, base, strict=True))
    note = f"{statistics.median(rates):,.0f}/s of {statistics.median(base):,.0f}/s"
    return Figure(f"{name}, kept, beside a bare reply", ratio, SHARE, note)


def _rate(url: str, accept: str, seconds: int) -> float:
    load = wrk(url, seconds=seconds, connections=CONNECTIONS, script="accept.lua", ACCEPT=accept)
    if load.errors:
        raise RuntimeError(f"{url} was answered with errors")
    return load.rate


def _publish(url: str, bearer: str, count: int) -> list[str]:
    """The ids of the passports of new products."""
    ids = []
    for number in range(count):
        product = {"sku": f"B-{number}", "gtin": gtin(number), "content": CONTENT}
        made = post(f"{url}{API}/products", product, bearer)["data"]
        published: Any = post(f"{url}{API}/products/{made['id']}/publish", {}, bearer)["data"]
        ids.append(str(published["dpp"]["id"]))
    return ids


def _first_pages(url: str, ids: Sequence[str]) -> Figure:
    """Each is opened once; the first ones load the template."""
    with _connected(url) as connection:
        for id in ids[:WARM]:
            _open(connection, id)
        before = _processor_seconds()
        sizes = [_open(connection, id) for id in ids[WARM:]]
        used = (_processor_seconds() - before) / len(sizes) * 1_000
    note = f"processor time of the service, {len(sizes)} pages of {statistics.median(sizes):,.0f} bytes"
    return Figure("first page of a passport (ms)", used, FIRST_MS, note, at_most=True)


@contextmanager
def _connected(url: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    try:
        yield connection
    finally:
        connection.close()


def _open(connection: http.client.HTTPConnection, passport_id: str) -> int:
    """The bytes of the page. Raises for an answer that is none."""
    connection.request("GET", f"/dpp/{passport_id}", headers={"Accept": PAGE})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or b"Hagen works" not in body:
        raise RuntimeError(f"a page was answered with {answer.status}")
    return len(body)


def _processor_seconds() -> float:
    """Of every process that this one has started, directly or not."""
    ours, stats = {os.getpid()}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        stats[int(entry.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    for _ in stats:
        found = {process for process, (parent, _) in stats.items() if parent in ours} - ours
        if not found:
            break
        ours |= found
    return sum(stats[process][1] for process in ours if process != os.getpid()) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    report(measure())
