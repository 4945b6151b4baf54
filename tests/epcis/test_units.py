"""Sensor values in the base unit."""

from __future__ import annotations

import pytest

from linkxg.network.epcis.documents.units import to_base_unit


@pytest.mark.parametrize(
    ("value", "uom", "expected"),
    [
        (20, "CEL", (293.15, "KEL")),
        (0, "CEL", (273.15, "KEL")),
        (68, "FAH", (293.15, "KEL")),
        (273.15, "KEL", (273.15, "KEL")),
        (26.1, "CEL", (299.25, "KEL")),
        (36, "KMH", (10.0, "MTS")),
        (12.1, "A93", (0.0121, "KMQ")),
        (1.5, "BAR", (150000.0, "PAL")),
        (7, "XYZ", (7.0, "XYZ")),
    ],
)
def test_a_value_is_converted_exactly(value: float, uom: str, expected: tuple[float, str]) -> None:
    assert to_base_unit(value, uom) == expected


def test_a_difference_has_no_offset() -> None:
    assert to_base_unit(0.5, "CEL", difference=True) == (0.5, "KEL")


# By the definitions of the units (SI, and the international yard and pound), not by the table that is tested.
REFERENCE = {
    "GRM": (0.001, "KGM"), "LBR": (0.45359237, "KGM"), "ONZ": (0.028349523125, "KGM"), "TNE": (1000, "KGM"),
    "INH": (0.0254, "MTR"), "FOT": (0.3048, "MTR"), "KMT": (1000, "MTR"), "CMT": (0.01, "MTR"), "MMT": (0.001, "MTR"),
    "HAR": (10_000, "MTK"), "CMK": (0.0001, "MTK"), "LTR": (0.001, "MTQ"), "MLT": (0.000001, "MTQ"),
    "DMQ": (0.001, "MTQ"), "MMQ": (1e-9, "MTQ"), "MIN": (60, "SEC"), "HUR": (3600, "SEC"), "DAY": (86_400, "SEC"),
    "KPA": (1000, "PAL"), "HPA": (100, "PAL"), "MBR": (100, "PAL"), "PS": (6894.757293168, "PAL"),
    "KWH": (3_600_000, "JOU"), "KWT": (1000, "WTT"), "KHZ": (1000, "HTZ"), "MHZ": (1_000_000, "HTZ"),
    "2Z": (0.001, "VLT"), "4K": (0.001, "AMP"), "KNT": (1852 / 3600, "MTS"), "HM": (0.44704, "MTS"),
    "DD": (0.017453292519943295, "C81"),
}  # fmt: skip


@pytest.mark.parametrize("uom", REFERENCE)
def test_a_unit_has_the_factor_of_its_definition(uom: str) -> None:
    factor, base = REFERENCE[uom]
    value, unit = to_base_unit(1, uom)
    assert unit == base
    assert value == pytest.approx(factor, rel=1e-12)
