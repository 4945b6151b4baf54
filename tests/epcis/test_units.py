"""Sensor values in the base unit."""

from __future__ import annotations

import pytest

from linkxg.network.epcis.documents.units import UNITS, to_base_unit


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


def test_every_base_unit_is_its_own() -> None:
    assert all(UNITS[unit.base].base == unit.base for unit in UNITS.values())
