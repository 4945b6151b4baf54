"""Renders the tables of docs/capacity.md from the measured costs."""

from pathlib import Path

from bench.capacity import (
    CONNECTIONS,
    MIX,
    Fleet,
    Prediction,
    best_size,
    capacity,
    connections,
    predict,
    workers_are_the_limit_up_to,
)
from bench.costs import Costs
from bench.simulation import simulate

PAGE = Path(__file__).parents[1] / "docs" / "capacity.md"
SIZES = (1, 10, 100, 1_000)
EVENTS = 400_000
"""The approximate maximum of simulated events per row."""


def page(costs: Costs, *, check: bool) -> str:
    parts = [_costs(costs), _machine(costs), _nodes(costs), _limits(costs)]
    if check:
        parts.append(_checked(costs))
    return "\n".join(parts)


def _costs(costs: Costs) -> str:
    lines = [
        "| operation | share of the mix | worker, SQLite | worker, PostgreSQL | PostgreSQL | its log |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, cost in costs.operations.items():
        share = f"{MIX[name]:.2%}" if name in MIX else "–"
        lines.append(
            f"| {name} | {share} | {costs.embedded[name].worker_us:,.0f} µs | {cost.worker_us:,.0f} µs | "
            f"{cost.database_us:,.0f} µs | {cost.wal_bytes:,.0f} B |"
        )
    look, idle = costs.look, costs.idle
    lines += [
        f"| a look at the change feed | | | {look.worker_us:,.0f} µs | {look.database_us:,.0f} µs | – |",
        f"| a worker that nobody asks, a second | | | {idle.worker_us:,.0f} µs | {idle.database_us:,.0f} µs | – |",
        f"| a NOTIFY, per listener | | | | {costs.notice_us:,.0f} µs | – |",
        f"| a lone commit | | | | {costs.commit_ms:.2f} ms | |",
    ]
    return "\n".join([*lines, ""])


def _machine(costs: Costs) -> str:
    """Two cores, two workers, 70 % busy, with this operation alone."""
    lines = ["| requests/s on 2 cores, 70 % busy | SQLite | PostgreSQL on another machine |", "|---|---:|---:|"]
    for name, cost in costs.operations.items():
        embedded = costs.embedded[name].worker_us
        lines.append(f"| {name} | {_per_second(embedded)} | {_per_second(cost.worker_us)} |")
    mixed = [sum(MIX[name] * table[name].worker_us for name in MIX) for table in (costs.embedded, costs.operations)]
    return "\n".join([*lines, f"| the mix | {_per_second(mixed[0])} | {_per_second(mixed[1])} |", ""])


def _per_second(microseconds: float) -> str:
    return f"{0.7 * 2 * 1e6 / microseconds:,.0f}" if microseconds else "–"


def _nodes(costs: Costs) -> str:
    lines = [
        "| nodes | requests/s at 70 % | busiest | workers | database | NOTIFY commits | looks/s | notices/s "
        "| log, MB/s | connections |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for nodes in SIZES:
        fleet = Fleet(nodes)
        found, held = capacity(fleet, costs), connections(fleet)
        busy = found.busy
        too_many = " (too many)" if held > CONNECTIONS else ""
        lines.append(
            f"| {nodes:,} | {found.rate:,.0f} | {found.first} | {busy['workers']:.0%} | {busy['database']:.0%} | "
            f"{busy['commits with NOTIFY']:.0%} | {found.looks:,.0f} | {found.notices:,.0f} | "
            f"{found.wal_mb:.2f} | {held:,}{too_many} |"
        )
    return "\n".join([*lines, ""])


def _limits(costs: Costs) -> str:
    best = best_size(costs)
    most = capacity(Fleet(best), costs).rate
    held = CONNECTIONS // connections(Fleet(1))
    return (
        f"- {CONNECTIONS} connections are reached at {held:,} nodes.\n"
        f"- Workers are the limit up to {workers_are_the_limit_up_to(costs):,} nodes; beyond it is the database.\n"
        f"- The most is {most:,.0f} requests/s, with {best:,} nodes: after that each node takes more by its looks at "
        "the feed than it brings.\n"
    )


def _checked(costs: Costs) -> str:
    """Model and simulation at half and at all of the modelled capacity."""
    lines = [
        "| nodes | requests/s | workers busy | database busy | looks/s | mean answer | p99 | known everywhere, p99 |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for nodes in SIZES:
        fleet = Fleet(nodes)
        most = capacity(fleet, costs).rate
        lines += [_row(fleet, costs, most * part) for part in (0.5, 1.0)]
    return "\n".join([*lines, "", "Each cell: the simulation, and the model in brackets.", ""])


def _row(fleet: Fleet, costs: Costs, rate: float) -> str:
    model: Prediction = predict(fleet, costs, rate)
    seconds = max(1.0, min(10.0, EVENTS / (rate + model.looks + model.notices)))
    found = simulate(fleet, costs, rate, seconds=seconds)
    return (
        f"| {fleet.nodes:,} | {rate:,.0f} | {found.worker_busy:.2f} ({model.busy['workers']:.2f}) | "
        f"{found.database_busy:.2f} ({model.busy['database']:.2f}) | "
        f"{found.looks / seconds:,.0f} ({model.looks:,.0f}) | "
        f"{found.mean_ms:.2f} ms ({model.mean_ms:.2f}) | {found.at(found.answers, 0.99):.1f} ms | "
        f"{found.at(found.lags, 0.99):.1f} ms |"
    )
