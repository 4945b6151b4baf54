"""The command-line options of the benchmarks."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`works` are prefixes of workloads, none means all; `large` is the size of the database of `bench.scale`."""

    rounds: int
    seconds: int
    works: tuple[str, ...] = ()
    large: int = 1_000_000
    json: bool = False
    write: bool = False

    def wants(self, work: str) -> bool:
        return not self.works or work.startswith(self.works)


def options(arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, alternating")
    parser.add_argument("--seconds", type=int, default=4, help="duration of each measurement")
    parser.add_argument("--works", nargs="*", default=(), help="only workloads whose names begin with these")
    parser.add_argument("--large", type=int, default=1_000_000, help="clients and sessions of the large database")
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    parser.add_argument("--write", action="store_true", help="update docs/benchmarks.md")
    given = parser.parse_args(arguments)
    return Options(given.rounds, given.seconds, tuple(given.works), given.large, given.json, given.write)
