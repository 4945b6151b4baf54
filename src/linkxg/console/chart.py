"""The bar chart of a client's daily usage.

The server draws the bars as SVG; a table on the page has the same numbers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from linkxg.clock import DAY, now_ms
from linkxg.console.formatting import as_utc
from linkxg.db.schema import AnyRow

DAYS = 30
WIDTH, HEIGHT = 720, 48
_STEP = WIDTH / DAYS


class Bar(NamedTuple):
    """One day; measures in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    title: str


class Series(NamedTuple):
    name: str
    kind: str
    total: int
    bars: list[Bar]


class ChartDay(NamedTuple):
    label: str
    tokens: int
    calls: int
    refused: int


class Chart(NamedTuple):
    """`first` and `last` label the ends of the time axis."""

    series: list[Series]
    days: list[ChartDay]
    first: str
    last: str
    empty: bool


def usage_chart(rows: Sequence[AnyRow]) -> Chart:
    """Tokens, API calls and refused requests of the last 30 days (UTC)."""
    today = now_ms() // DAY
    by_day = {row.day: row for row in rows}
    days = []
    for number in range(today - DAYS + 1, today + 1):
        row = by_day.get(number)
        label = f"{as_utc(number * DAY):%-d %b}"
        days.append(ChartDay(label, row.tokens, row.calls, row.refused) if row else ChartDay(label, 0, 0, 0))
    series = [
        _series("API calls", "calls", days, [day.calls for day in days]),
        _series("Tokens", "tokens", days, [day.tokens for day in days]),
        _series("Refused", "refused", days, [day.refused for day in days]),
    ]
    return Chart(series, days, days[0].label, "today", not any(one.total for one in series))


def _series(name: str, kind: str, days: list[ChartDay], values: list[int]) -> Series:
    most = max(values) or 1
    bars = []
    for place, (day, value) in enumerate(zip(days, values, strict=True)):
        # A day with any use stays visible, however small beside the maximum.
        height = max(2.0, round(value / most * (HEIGHT - 2), 1)) if value else 0.0
        if height:
            x = round(place * _STEP + 2, 1)
            bars.append(Bar(x, HEIGHT - height, round(_STEP - 4, 1), height, f"{day.label}: {value:,}"))
    return Series(name, kind, sum(values), bars)
