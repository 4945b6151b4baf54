"""Measures GTIN validation against python-stdnum on the same list. Run as `python -m bench.identifiers`."""

import random
import statistics
import time
from collections.abc import Callable, Sequence

from stdnum import ean

from bench.processes import pin_to_server_core
from bench.report import Figure, report
from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin

COUNT, ROUNDS = 20_000, 7


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """GTINs of every length, one in ten with a wrong check digit; both must agree on each."""
    numbers = _numbers()
    ratios, rates = [], []
    with pin_to_server_core():
        for _ in range(rounds):
            theirs, their_result = _timed(ean.is_valid, numbers)
            ours, our_result = _timed(_is_gtin, numbers)
            if their_result != our_result:
                raise RuntimeError("the results differ")
            ratios.append(theirs / ours)
            rates.append(COUNT / ours)
    note = f"{statistics.median(rates):,.0f} a second"
    return [Figure("GTINs checked, beside python-stdnum", statistics.median(ratios), 4.0, note)]


def _numbers() -> list[str]:
    chance = random.Random(1)
    made = []
    for place in range(COUNT):
        body = "".join(chance.choices("0123456789", k=chance.choice((7, 11, 12, 13))))
        made.append(body + str((check_digit(body) + (place % 10 == 0)) % 10))
    return made


def _timed(check: Callable[[str], bool], numbers: Sequence[str]) -> tuple[float, list[bool]]:
    started = time.perf_counter()
    found = [check(number) for number in numbers]
    return time.perf_counter() - started, found


def _is_gtin(text: str) -> bool:
    try:
        read_gtin(text)
    except NotAGtin:
        return False
    return True


if __name__ == "__main__":
    report(measure())
