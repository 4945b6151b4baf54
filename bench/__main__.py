"""Runs all benchmarks (`make bench`) and prints the tables of docs/benchmarks.md; also draws the chart.

`--write` updates the page, `--json` prints JSON instead of Markdown; the JSON is also written to build/bench.json.
"""

import json
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import (
    capture,
    console,
    epcis_query,
    feed,
    feed_readers,
    guard,
    guarded_service,
    identifiers,
    imports,
    latency,
    lists,
    login,
    passkeys,
    passport_imports,
    passports,
    refresh,
    refresh_postgres,
    revocation,
    scale,
    share_revocation,
    shared,
    startup,
    traceability,
    workers,
)
from bench.bars import bar_figures
from bench.chart import draw
from bench.comparison import Comparison, compare
from bench.comparison_table import comparison_table
from bench.doc_tables import replace_tables
from bench.options import Options, options
from bench.report import Figure, as_data, markdown

ROOT = Path(__file__).parents[1]
CHART = ROOT / "docs" / "images" / "benchmarks.svg"
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "build" / "bench.json"


def main() -> None:
    chosen = options()
    comparison = compare(chosen)
    figures = [*bar_figures(comparison)]
    for part in () if chosen.works else _parts(chosen):
        figures += _try(part)
    data = {"machine": _machine(), "comparison": asdict(comparison), "figures": as_data(figures)}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(data, indent=2))
    if not chosen.works:
        CHART.write_text(draw(comparison))
    page = _page(comparison, figures, chosen)
    if chosen.write:
        replace_tables(PAGE, page)
    sys.stdout.write(json.dumps(data, indent=2) if chosen.json else page)


def _parts(chosen: Options) -> Sequence[Callable[[], list[Figure]]]:
    """Each measures its own base, so one that cannot run here does not affect the others."""
    return (
        guard.guard_alone,
        guarded_service.measure,
        lambda: refresh.measure(chosen.rounds),
        lambda: refresh_postgres.measure(chosen.rounds, chosen.seconds),
        lambda: login.measure(chosen.rounds),
        passkeys.measure,
        lambda: workers.measure(chosen.rounds, chosen.seconds),
        lambda: latency.measure(chosen.rounds, chosen.seconds),
        lambda: scale.measure(chosen),
        revocation.measure,
        share_revocation.measure,
        lambda: startup.measure(tokens=chosen.large),
        console.measure,
        identifiers.measure,
        imports.measure,
        lists.measure,
        lambda: shared.measure(chosen.rounds),
        feed.measure,
        feed_readers.measure,
        capture.measure,
        epcis_query.measure,
        traceability.measure,
        lambda: passports.measure(chosen.rounds, chosen.seconds),
        passport_imports.measure,
    )


def _try(part: Callable[[], list[Figure]]) -> list[Figure]:
    try:
        return part()
    except RuntimeError as error:
        sys.stderr.write(f"not measured: {error}\n")
        return []


def _machine() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{len(models)} cores ({model}), Python {platform.python_version()}, {platform.system()}"


def _page(comparison: Comparison, figures: list[Figure], chosen: Options) -> str:
    return "\n".join(
        (
            f"One run: {_machine()}; {chosen.rounds} × {chosen.seconds} seconds each, medians, ± half the range.\n",
            comparison_table(comparison),
            markdown(figures),
        )
    )


if __name__ == "__main__":
    main()
