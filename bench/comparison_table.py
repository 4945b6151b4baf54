"""Renders the comparison as a Markdown table."""

import statistics

from bench.comparison import Comparison, Row


def comparison_table(found: Comparison) -> str:
    """Requests per second: the median over the rounds, ± half the range, and failed requests."""
    lines = [
        "| requests/s on one core, 32 connections | " + " | ".join(found.names) + " | floor |",
        "|---|" + "---:|" * (len(found.names) + 1),
    ]
    notes = [f"- {name} is absent: {why}." for name, why in found.absent.items()]
    for row in found.rows:
        cells = [_cell(row, name) for name in found.names]
        lines.append(f"| {row.work} | " + " | ".join(cells) + f" | {row.floor_name} {_rate(row.floor)} |")
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, lacks in found.lacks.items():
        for work, why in lacks.items():
            reasons.setdefault((name, why), []).append(work)
    notes += [f"- {name} has no figure for {'; '.join(works)}: {why}." for (name, why), works in reasons.items()]
    lines += ["", *notes, ""] if notes else [""]
    return "\n".join(lines)


def _cell(row: Row, name: str) -> str:
    rates = row.rates.get(name)
    if not rates:
        return "–"
    failed = row.failed[name]
    return _rate(rates) + (f" ({failed:,} failed)" if failed else "")


def _rate(rates: list[float]) -> str:
    middle = statistics.median(rates)
    spread = (max(rates) - min(rates)) / 2 / middle if middle else 0.0
    figure = f"{middle:,.0f}" if middle >= 20 else f"{middle:.1f}"
    return f"{figure} ±{spread:.0%}" if len(rates) > 1 else figure
