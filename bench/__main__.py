"""All figures, one after the other. Run as `python -m bench`, with `--json` for scripts."""

from bench import console, guard, login, refresh, revocation, startup, token
from bench.report import Figure, report


def main() -> None:
    figures: list[Figure] = []
    for part in (
        token.measure,
        guard.measure,
        console.measure,
        refresh.measure,
        login.measure,
        revocation.measure,
        startup.measure,
    ):
        figures += part()
    report(figures)


if __name__ == "__main__":
    main()
