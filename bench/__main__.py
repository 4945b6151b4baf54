"""All figures, one after the other. Run as `python -m bench`, with `--json` for scripts."""

from bench import guard, lists, login, refresh, revocation, startup, token
from bench.report import Figure, report

PARTS = (
    token.measure,
    guard.measure,
    lists.measure,
    refresh.measure,
    login.measure,
    revocation.measure,
    startup.measure,
)


def main() -> None:
    figures: list[Figure] = []
    for measure in PARTS:
        figures += measure()
    report(figures)


if __name__ == "__main__":
    main()
