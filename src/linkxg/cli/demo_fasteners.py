"""Bolts, nuts and washers of the demo: 42944 of the UN CPC."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from linkxg.catalog.products.content import Content, Dimensions, Material, Packaging, Performance
from linkxg.cli.demo_makes import BRAND, PRODUCER, WORKS, category, grams, material, millimetres, sheet

_CATEGORY = category("42944", "Nails, tacks, staples, screws, bolts, nuts, rivets, washers and similar articles")
_G_PER_MM3 = 0.00785


class _Steel(NamedTuple):
    code: str
    grade: str
    words: str
    strength: int
    materials: list[Material]


_STEELS = (
    _Steel("A2", "A2-70", "stainless steel A2", 700, [
        material("Iron", 0.71, "SE", recycled=0.6), material("Chromium", 0.19, "ZA"), material("Nickel", 0.10, "FI"),
    ]),
    _Steel("ZP", "8.8", "zinc-plated steel", 800, [
        material("Iron", 0.97, "DE", recycled=0.42), material("Zinc", 0.03, "BE"),
    ]),
)  # fmt: skip
# Thread, width across flats (ISO 272), height of the head, usual lengths; all in millimetres.
_BOLTS = (
    (5, 8, 3.5, (10, 12, 16, 20, 25, 30, 35, 40)),
    (6, 10, 4.0, (10, 12, 16, 20, 25, 30, 35, 40, 50, 60)),
    (8, 13, 5.3, (16, 20, 25, 30, 35, 40, 50, 60, 70, 80)),
    (10, 16, 6.4, (20, 25, 30, 35, 40, 50, 60, 70, 80, 100)),
    (12, 18, 7.5, (25, 30, 40, 50, 60, 70, 80, 100, 120)),
    (16, 24, 10.0, (30, 40, 50, 60, 80, 100, 120, 140)),
)


def fasteners() -> Iterator[tuple[str, Content]]:
    """(SKU, content) of each."""
    for steel in _STEELS:
        for thread, flats, head, lengths in _BOLTS:
            for length in lengths:
                yield _bolt(steel, thread, flats, head, length)
            yield _nut(steel, thread, flats)
            yield _washer(steel, thread)


def _bolt(steel: _Steel, thread: int, flats: int, head: float, length: int) -> tuple[str, Content]:
    sku = f"HB-{steel.code}-M{thread}X{length}"
    mass = _G_PER_MM3 * (0.72 * thread**2 * length + 0.866 * flats**2 * head)
    box = 100 if thread < 10 else 50 if thread < 16 else 25
    return sku, _content(
        steel,
        f"Hex bolt M{thread} × {length}, {steel.grade}",
        f"Hexagon head, thread up to the head, DIN 933 / ISO 4017. {steel.words.capitalize()}.",
        Dimensions(grams(mass), length=millimetres(length), width=millimetres(flats), height=millimetres(flats)),
        {"standard": "ISO 4017", "thread": f"M{thread}", "strengthClass": steel.grade, "drive": f"Hex {flats}"},
        sku,
        box,
    )


def _nut(steel: _Steel, thread: int, flats: int) -> tuple[str, Content]:
    sku = f"HN-{steel.code}-M{thread}"
    height = round(0.8 * thread, 1)
    mass = _G_PER_MM3 * height * (0.866 * flats**2 - math.pi / 4 * thread**2)
    return sku, _content(
        steel,
        f"Hex nut M{thread}, {steel.words}",
        "Hexagon nut, DIN 934 / ISO 4032.",
        Dimensions(grams(mass), width=millimetres(flats), height=millimetres(height)),
        {"standard": "ISO 4032", "thread": f"M{thread}", "strengthClass": steel.grade.partition("-")[0]},
        sku,
        200,
    )


def _washer(steel: _Steel, thread: int) -> tuple[str, Content]:
    sku = f"WA-{steel.code}-M{thread}"
    outer, thickness = 2 * thread, 1 if thread < 8 else 1.6 if thread < 10 else 2.5
    mass = _G_PER_MM3 * thickness * math.pi / 4 * (outer**2 - (thread + 0.5) ** 2)
    return sku, _content(
        steel,
        f"Plain washer M{thread}, {steel.words}",
        "Flat washer without chamfer, DIN 125 A / ISO 7089.",
        Dimensions(grams(mass), width=millimetres(outer), height=millimetres(thickness)),
        {"standard": "ISO 7089", "innerDiameterMm": thread + 0.4, "outerDiameterMm": outer},
        sku,
        500,
    )


def _content(
    steel: _Steel, name: str, text: str, size: Dimensions, attributes: dict[str, object], sku: str, box: int
) -> Content:
    facility, country = WORKS["Hagen"]
    return Content(
        name,
        text,
        BRAND,
        category=_CATEGORY,
        producer=PRODUCER,
        facility=facility,
        country_of_production=country,
        dimensions=size,
        materials=steel.materials,
        performance=[Performance("Tensile strength", steel.strength, unit="MPA")],
        documents=[sheet(sku, "Inspection certificate 3.1")],
        packaging=[Packaging(f"Carton of {box}", quantity=box)],
        attributes={"material": steel.words, **attributes},
        access={"materials": "restricted", "documents": "restricted"},
    )
