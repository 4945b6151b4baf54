"""The service with a purge every EVERY_S seconds: `python -m bench.fast_purge EVERY_S serve …`."""

import sys

from linkxg import purge
from linkxg.db import Database


class _FastPurger(purge.Purger):
    def __init__(self, database: Database) -> None:
        super().__init__(database, _EVERY_S)


if __name__ == "__main__":
    _EVERY_S = float(sys.argv.pop(1))
    purge.Purger = _FastPurger  # type: ignore[misc, assignment]
    from linkxg.cli import main

    main()
