"""Reports figures as ratios with the bar that they must reach; absolute numbers are for orientation only."""

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """`value` must be at least `bar`, or at most if `at_most`; `note` gives the absolute numbers of this run."""

    name: str
    value: float
    bar: float
    note: str
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.value <= self.bar if self.at_most else self.value >= self.bar


def as_data(figures: list[Figure]) -> list[dict[str, object]]:
    """JSON for scripts."""
    return [asdict(figure) | {"reached": figure.reached} for figure in figures]


def markdown(figures: list[Figure]) -> str:
    """A table for documents."""
    lines = ["| figure | value | bar | | measured |", "|---|---:|---:|---|---|"]
    for figure in figures:
        sign, mark = "≤" if figure.at_most else "≥", "" if figure.reached else "**missed**"
        # A figure without a bar is for orientation.
        bar = f"{sign} {figure.bar:g}" if figure.bar else ""
        lines.append(f"| {figure.name} | {figure.value:.2f} | {bar} | {mark} | {figure.note} |")
    return "\n".join([*lines, ""])


def report(figures: list[Figure]) -> None:
    """A table for people, or JSON with `--json`."""
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(as_data(figures), indent=2) + "\n")
        return
    for figure in figures:
        sign = "≤" if figure.at_most else "≥"
        mark = "reached" if figure.reached else "MISSED"
        sys.stdout.write(f"{figure.name:58} {figure.value:9.3f}  {sign} {figure.bar:<8g} {mark:8} {figure.note}\n")
