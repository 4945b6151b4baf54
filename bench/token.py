"""Measures the token endpoint against the floor. Run as `python -m bench.token`."""

import statistics
import tempfile
from pathlib import Path

from bench.processes import floor, service, wrk
from bench.report import Figure, report
from bench.seed import seed, token_bodies

ROUNDS, SECONDS = 3, 4


def measure(algorithm: str = "HS256", rounds: int = ROUNDS) -> list[Figure]:
    """Token requests of 10,000 clients, limits and usage counting on; rounds alternate with the base."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir)
        bodies = token_bodies(data_dir, made)
        with floor() as base_url, service(data_dir, LINKXG_TOKEN_ALGORITHM=algorithm) as url:
            token_url = f"{url}/api/v1/oauth/token"
            wrk(token_url, seconds=3, script="bodies.lua", BODIES=str(bodies))
            pairs = [
                (
                    wrk(base_url, seconds=SECONDS),
                    wrk(token_url, seconds=SECONDS, script="bodies.lua", BODIES=str(bodies)),
                )
                for _ in range(rounds)
            ]
    if any(ours.errors for _, ours in pairs):
        raise RuntimeError("the service answered token requests with errors")
    ratios = [ours.rate / base.rate for base, ours in pairs]
    rate = statistics.median(ours.rate for _, ours in pairs)
    bare = statistics.median(base.rate for base, _ in pairs)
    return [Figure(f"token endpoint, {algorithm}", statistics.median(ratios), 0.5, f"{rate:,.0f}/s of {bare:,.0f}/s")]


if __name__ == "__main__":
    report(measure())
