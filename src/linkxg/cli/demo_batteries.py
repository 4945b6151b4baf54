"""Battery packs of the demo: 46420 of the UN CPC."""

from collections.abc import Iterator

from linkxg.catalog.products.content import Claim, Content, Dimensions, Performance
from linkxg.cli.demo_makes import BRAND, PRODUCER, WORKS, category, grams, material, millimetres, sheet

_CATEGORY = category("46420", "Electric accumulators")
_USES = {12: "compact tools", 18: "power tools", 36: "garden tools", 48: "storage"}
_CAPACITIES = {12: (1.5, 2.0, 3.0, 4.0), 18: (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0), 36: (2.0, 4.0, 5.0, 7.5, 9.0),
               48: (25.0, 50.0, 100.0)}  # fmt: skip
_CELLS = {"NMC": ("standard", 190.0, 500), "LFP": ("long life", 125.0, 2_000)}


def batteries() -> Iterator[tuple[str, Content]]:
    """(SKU, content) of each."""
    for cells, (words, density, cycles) in _CELLS.items():
        for voltage, capacities in _CAPACITIES.items():
            for capacity in capacities:
                yield _pack(cells, words, density, cycles, voltage, capacity)


def _pack(cells: str, words: str, density: float, cycles: int, voltage: int, capacity: float) -> tuple[str, Content]:
    sku = f"BAT-{voltage}V-{capacity:g}-{cells}".replace(".", "")
    energy = voltage * capacity
    facility, country = WORKS["Brno"]
    lithium = [material("Lithium iron phosphate", 0.34, "CN")] if cells == "LFP" else [material("Nickel", 0.17, "FI")]
    return sku, Content(
        f"Battery pack {voltage} V, {capacity:g} Ah, {words}",
        f"Rechargeable pack for {_USES[voltage]}, {cells} cells, charge indicator, protected against overload.",
        BRAND,
        model_number=f"BP{voltage}-{capacity:g}{cells[0]}",
        category=_CATEGORY,
        producer=PRODUCER,
        facility=facility,
        country_of_production=country,
        dimensions=Dimensions(
            grams(1000 * energy / density + 120), length=millimetres(116), width=millimetres(75),
            height=millimetres(45 + round(energy / 4)),
        ),
        materials=[
            *lithium,
            material("Graphite", 0.16, "NO", recycled=0.0),
            material("Copper", 0.12, "CL", recycled=0.35),
            material("Aluminium", 0.09, "IS", recycled=0.5),
            material("Polycarbonate", 0.14, "DE", recycled=0.3),
        ],
        performance=[
            Performance("Rated capacity", capacity, unit="AMH"),
            Performance("Energy", round(energy, 1), unit="WHR"),
            Performance("Cycle life at 80 % capacity", cycles),
        ],
        claims=[Claim("Carbon footprint declared", topic="environment.emissions",
                      reference_standard="Regulation (EU) 2023/1542, Article 7")],
        documents=[sheet(sku, "Safety data sheet"), sheet(f"{sku}-un383", "UN 38.3 test summary")],
        attributes={"voltage": voltage, "capacityAh": capacity, "chemistry": cells, "cells": max(3, round(energy / 9))},
        access={"materials": "restricted", "performance": "public", "attributes.cells": "authority"},
    )  # fmt: skip
