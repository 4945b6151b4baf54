"""Lamps of the demo: 46531 of the UN CPC."""

from collections.abc import Iterator
from typing import NamedTuple

from linkxg.catalog.products.content import Content, Dimensions, Performance
from linkxg.cli.demo_makes import BRAND, PRODUCER, WORKS, category, grams, material, millimetres, sheet

_CATEGORY = category("46531", "Portable electric lamps, lamps and lighting fittings, illuminated signs")
_LIGHT = {"W": ("warm white", 3_000), "N": ("neutral white", 4_000), "C": ("cool white", 6_500)}


class _Model(NamedTuple):
    code: str
    name: str
    text: str
    lumens: tuple[int, ...]
    length: int


_MODELS = (
    _Model("HL", "Head torch", "Tilting head, red light, washable strap.", (200, 400, 600), 65),
    _Model("PL", "Pen light", "Fits a breast pocket; magnetic clip.", (100, 150, 250), 160),
    _Model("WL", "Work light", "Folding stand with magnet and hook.", (1_000, 2_000, 3_500), 210),
    _Model("FL", "Floodlight", "For building sites; feeds and is fed by 18 V packs.", (5_000, 8_000, 12_000), 320),
    _Model("IL", "Inspection lamp", "Slim arm that bends by 180 degrees.", (300, 500, 800), 260),
    _Model("LA", "Lantern", "Light all around, power bank with USB-C.", (250, 500, 1_000), 140),
    _Model("UL", "Under-cabinet light", "Motion sensor, charged over USB-C.", (150, 300, 450), 400),
)


def lamps() -> Iterator[tuple[str, Content]]:
    """(SKU, content) of each."""
    for model in _MODELS:
        for lumens in model.lumens:
            for light, (words, kelvin) in _LIGHT.items():
                yield _lamp(model, lumens, light, words, kelvin)


def _lamp(model: _Model, lumens: int, light: str, words: str, kelvin: int) -> tuple[str, Content]:
    sku = f"{model.code}-{lumens}-{light}"
    watts = round(lumens / 115, 1)
    facility, country = WORKS["Porto"]
    return sku, Content(
        f"{model.name} {lumens:,} lm, {words}",
        model.text,
        BRAND,
        model_number=f"{model.code}{lumens // 50}",
        category=_CATEGORY,
        producer=PRODUCER,
        facility=facility,
        country_of_production=country,
        dimensions=Dimensions(grams(60 + lumens / 6), length=millimetres(model.length)),
        materials=[
            material("ABS", 0.38, "ES", recycled=0.65),
            material("Polycarbonate", 0.17, "DE", recycled=0.2),
            material("Aluminium", 0.22, "IS", recycled=0.75),
            material("Copper", 0.05, "CL", recycled=0.3),
        ],
        performance=[
            Performance("Luminous flux", lumens, unit="LUM"),
            Performance("Colour temperature", kelvin, unit="KEL"),
            Performance("Power", watts, unit="WTT"),
        ],
        documents=[sheet(sku, "User manual")],
        attributes={"protection": "IP65" if lumens >= 1_000 else "IP54", "colourRendering": 80, "rechargeable": True},
    )
