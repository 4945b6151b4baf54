"""Makes files, sends them and waits for their import."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

from harness.answers import Answer
from harness.people import Session
from harness.world import World
from linkxg.catalog.identifiers.check_digit import check_digit

T = TypeVar("T")
IMPORTS = "/imports"
WAIT_S = 15
_numbers = count(1)
TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
UNFINISHED = {"UPLOADING", "QUEUED", "RUNNING"}


def new_sku() -> str:
    return f"I-{uuid4()}"


def new_gtin() -> str:
    """A GTIN that no other test uses."""
    digits = f"{50_000_000_000 + next(_numbers):012d}"
    return digits + str(check_digit(digits))


PUBLISHABLE = ("sku", "gtin", "name", "category.code", "category.name", "category.schemeId", "category.schemeName",
               "facility.name", "facility.gln", "countryOfProduction")  # fmt: skip


def publishable(sku: str, name: str = "Hex bolt", gtin: str | None = None) -> list[str]:
    """Cells of a row that has all that publishing needs."""
    return [sku, gtin or new_gtin(), name, "10003386", "Fasteners", "https://gpc.example/", "GS1 GPC", "Works 1",
            "4012345000009", "DE"]  # fmt: skip


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def ndjson_file(rows: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def send(
    world: World,
    content: bytes,
    *,
    format: str = "csv",
    by: Session | None = None,
    headers: Mapping[str, str] | None = None,
    **options: str,
) -> Answer:
    """One attempt to start an import."""
    query = f"?{urlencode(options)}" if options else ""
    return world.api.post(
        IMPORTS + query,
        bearer=(by or world.owner).access,
        content=content,
        headers={"Content-Type": TYPES[format], **(headers or {})},
    )


def ended(world: World, job: Mapping[str, Any], by: Session | None = None) -> dict[str, Any]:
    """The import when it has ended."""
    for _ in range(4):
        found = (
            world.api.get(f"{IMPORTS}/{job['id']}?wait={WAIT_S}", bearer=(by or world.owner).access).expect(200).data()
        )
        if found["status"] not in UNFINISHED:
            return dict(found)
    raise AssertionError(f"the import did not end: {found}")


def run(world: World, content: bytes, **options: Any) -> dict[str, Any]:
    """An import from its start to its end."""
    by = options.get("by")
    return ended(world, send(world, content, **options).expect(202).data(), by)


def in_pairs(calls: Iterable[Callable[[], T]]) -> list[T]:
    """What the calls return, two at a time: an account may have two imports under way."""
    with ThreadPoolExecutor(2) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def counts(job: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """(created, updated, unchanged, failed)."""
    return job["created"], job["updated"], job["unchanged"], job["failed"]


def failures(world: World, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The faults of the first page."""
    found: list[dict[str, Any]] = (
        world.api.get(f"{IMPORTS}/{job['id']}/errors?limit=200", bearer=world.owner.access).expect(200).json()["data"]
    )
    return found


def results(world: World, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of each row."""
    answer = world.api.get(f"{IMPORTS}/{job['id']}/results", bearer=world.owner.access).expect(200)
    return [json.loads(line) for line in answer.body.splitlines()]


def failed_file(world: World, job: Mapping[str, Any], kind: str = "text/csv") -> bytes:
    answer = world.api.get(f"{IMPORTS}/{job['id']}/errors", bearer=world.owner.access, headers={"Accept": kind})
    return answer.expect(200).body


def by_sku(world: World, sku: str) -> dict[str, Any] | None:
    """The product with this SKU, with its draft."""
    found = world.api.get(f"/products?{urlencode({'sku': sku})}", bearer=world.owner.access).expect(200).json()["data"]
    return dict(found[0]) if found else None


def product_id(world: World, sku: str) -> str:
    """The id of the product with this SKU, which is stored."""
    found = by_sku(world, sku)
    assert found is not None
    return str(found["id"])
