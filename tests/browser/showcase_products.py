"""Products and imports of the showcase account, one in every state that a page can show."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

import msgspec

from harness.answers import JsonObject
from harness.databases import SqliteDatabase
from harness.world import World
from imports.files import ended, send
from linkxg.ops.demo.products import demo_products
from products.catalogue import change, create, delete, publish, published, withdraw

HOUR = 3_600_000
COLUMNS = "sku,gtin,name,brand,category.code,countryOfProduction"
LIGHTS = ("Ceiling light 1200 lm", "Wall light 800 lm", "Desk lamp 600 lm", "Track spot 900 lm")
BOUNDARY = "showcase"


@dataclass(frozen=True)
class Stock:
    """Ids. `draft` could be published; `versioned` has a withdrawn version, a published one and a draft."""

    draft: str
    incomplete: str
    versioned: str
    archived: str
    imported: str
    mendable: str
    broken: str
    running: str


def build_stock(world: World) -> Stock:
    """Fill the first account of a fresh server on SQLite."""
    draft = ""
    for product in demo_products()[::8]:
        draft = str(create_as(world, msgspec.to_builtins(product))["id"])
    archived = published(world, name="Work light 2,000 lm, discontinued")
    delete(world, archived).expect(204)
    good = [f"CL-{number},,{name},Acme,46531,PT" for number, name in enumerate(LIGHTS)]
    wrong = ("CL-7,4006381333932,Spot light,Acme,46531,PT", "CL-8,,,Acme,46531,PT", "CL-9,,Lamp,Acme,46531,Portugal")
    bad = [*good, *wrong]
    imported = _import(world, "lighting-autumn.csv", good)
    mendable = _import(world, "lighting-winter.csv", bad)
    broken = _import(world, "lighting-all-or-nothing.csv", bad, on_error="rollback")
    running = _import(world, "full-catalogue-2026.csv", good)
    _stop_the_clock(world, running)
    incomplete = create(world, sku="OT-180", name="Oak table 180 cm")
    return Stock(
        draft, str(incomplete["id"]), _versioned(world), str(archived["id"]), imported, mendable, broken, running
    )


def create_as(world: World, given: JsonObject) -> JsonObject:
    made: JsonObject = world.api.post("/products", bearer=world.owner.access, json=given).expect(201).data()
    return made


def _versioned(world: World) -> str:
    given = msgspec.to_builtins(demo_products()[-2])
    made = create_as(world, given)
    publish(world, made, "First edition").expect(200)
    materials = [one | {"recycledMassFraction": 0.8} for one in given["content"]["materials"]]
    better = {"materials": materials, "description": "Motion sensor, charged over USB-C, with a magnetic rail."}
    change(world, made, {"content": better}).expect(200)
    publish(world, made, "More recycled material, and a rail").expect(200)
    withdraw(world, made, 1, "The share of recycled aluminium was that of another product.").expect(200)
    change(world, made, {"content": {"name": f"{given['content']['name']}, with rail", "modelNumber": None}}).expect(
        200
    )
    return str(made["id"])


def _import(world: World, name: str, rows: list[str], on_error: str = "proceed") -> str:
    text = "\n".join([COLUMNS, *rows, ""])
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    content = f"{head}{text}\r\n--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    job = send(world, content, headers=headers, onError=on_error).expect(202).data()
    return str(ended(world, job)["id"])


def _stop_the_clock(world: World, import_id: str) -> None:
    """An import that is a third done and stays so: a worker that does not exist has it for an hour."""
    database = world.server.database
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, timeout=10)) as connection, connection:
        connection.execute(
            "UPDATE import_jobs SET status = 'RUNNING', finished_at = NULL, lease_until = ?, bytes_total = 48211907,"
            " bytes_processed = 17356286, rows_processed = 61440, created = 58217, updated = 3216, unchanged = 7,"
            " started_at = started_at - 4200 WHERE id = ?",
            (int(time.time() * 1000) + HOUR, import_id),
        )
