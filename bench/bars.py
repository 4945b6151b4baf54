"""The figures that follow from the comparison with the floor and the peers."""

import statistics

from bench.comparison import Comparison, Row
from bench.report import Figure
from bench.systems import OURS
from bench.workloads import BEARER, INTROSPECTION, TOKEN, TOKEN_ES256, TOKEN_HS256

NODE = "node-oidc-provider"


def bar_figures(found: Comparison) -> list[Figure]:
    """The medians of the ratios of adjacent rounds."""
    rows = {row.work: row for row in found.rows}
    figures = [
        _beside_floor("token endpoint, HS256", rows.get(TOKEN_HS256), 0.5),
        _beside_floor("introspection", rows.get(INTROSPECTION), 0.4),
        _beside_floor("GET /products/{id} with a bearer token", rows.get(BEARER), 0.22),
        *(_beside_node(rows.get(work), found) for work in (TOKEN, TOKEN_HS256, TOKEN_ES256)),
    ]
    return [figure for figure in figures if figure is not None]


def _beside_floor(name: str, row: Row | None, bar: float) -> Figure | None:
    return None if row is None else _ratio(f"{name}, beside a bare reply", row.rates[OURS], row.floor, bar)


def _beside_node(row: Row | None, found: Comparison) -> Figure | None:
    node = next((name for name in found.names if name.startswith(NODE)), None)
    if row is None or node is None or node not in row.rates:
        return None
    return _ratio(f"{row.work}, beside {node}", row.rates[OURS], row.rates[node], 5.0)


def _ratio(name: str, ours: list[float], base: list[float], bar: float) -> Figure:
    ratio = statistics.median(one / max(other, 1e-9) for one, other in zip(ours, base, strict=True))
    return Figure(name, ratio, bar, f"{statistics.median(ours):,.0f}/s of {statistics.median(base):,.0f}/s")
