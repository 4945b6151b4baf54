"""All figures, one after the other. Run as `python -m bench`, with `--json` for scripts."""

from bench import guard, identifiers, imports, login, refresh, revocation, startup, token
from bench.report import Figure, report


def main() -> None:
    figures: list[Figure] = []
    for part in (
        token.measure,
        guard.measure,
        refresh.measure,
        login.measure,
        revocation.measure,
        startup.measure,
        identifiers.measure,
        imports.measure,
    ):
        figures += part()
    report(figures)


if __name__ == "__main__":
    main()
