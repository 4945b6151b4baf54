"""Draws the comparison as an SVG: a group of bars per workload, each group on its own scale.

Rates of sign-ins and guarded reads differ by three orders of magnitude.
"""

from html import escape

from bench.comparison import Comparison, Row

WIDTH, LEFT, RIGHT = 860, 250, 90
BAR, GAP, HEAD = 13, 3, 30
COLOURS = ("#0b6e4f", "#5b8def", "#e08e45", "#c9b458", "#a36bb5", "#8a8f98")
FLOOR = "#c8ccd2"


def draw(found: Comparison) -> str:
    """The SVG, with a background of its own for dark pages."""
    parts: list[str] = []
    y = 0
    for row in found.rows:
        y += HEAD - GAP
        parts.append(_text(20, y - 7, row.work, bold=True))
        drawn, y = _group(row, found.names, y)
        parts += drawn
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 40}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12">\n'
        f"<title>Requests per second on one core</title>\n{_rect(0, 0, WIDTH, y + 40, '#ffffff')}\n{body}\n"
        f"{_text(20, y + 26, 'requests/s on one core, 32 connections; each group has its own scale')}\n</svg>\n"
    )


def _group(row: Row, names: list[str], y: int) -> tuple[list[str], int]:
    known = [(name, row.median(name), colour) for name, colour in zip(names, COLOURS, strict=False)]
    bars = [(name, rate, colour) for name, rate, colour in known if rate is not None]
    bars.append((row.floor_name, sorted(row.floor)[len(row.floor) // 2], FLOOR))
    most = max(rate for _, rate, _ in bars) or 1.0
    parts = []
    for name, rate, colour in bars:
        length = max(1.0, rate / most * (WIDTH - LEFT - RIGHT))
        figure = f"{rate:,.0f}" if rate >= 20 else f"{rate:.1f}"
        parts += [
            _text(LEFT - 8, y + BAR - 3, name, anchor="end"),
            _rect(LEFT, y, length, BAR, colour),
            _text(LEFT + length + 6, y + BAR - 3, figure),
        ]
        y += BAR + GAP
    return parts, y


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{height:g}" fill="{colour}"/>'


def _text(x: float, y: float, words: str, *, bold: bool = False, anchor: str = "start") -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}" fill="#24292f"{weight}>{escape(words)}</text>'
